import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, describe, it } from 'node:test'
import type { DecisionRecord } from '@countersign/core/audit/decision-record.ts'
import { verifyChain } from '@countersign/evidence/record/chain.ts'
import { Spool } from './spool.ts'

const ANSWERING = join(import.meta.dirname, '..', 'testing', 'answering.ts')
const ANSWERING_DOOR = join(import.meta.dirname, '..', 'testing', 'answering-door.ts')
const RECEIPT = /sha256:[0-9a-f]{64}/
const folder = mkdtempSync(join(tmpdir(), 'power-loss-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const STRACE = 'strace'
const mayTrace = spawnSync(STRACE, ['-o', '/dev/null', 'true']).status === 0

describe('power loss', () => {
  it('the answer never precedes the fsync of its record', { skip: mayTrace ? false : 'strace is not here, or may not trace' }, () => {
    const trace = join(folder, 'trace')
    const calls = 'trace=openat,close,write,writev,pwrite64'
    const traced = spawnSync(STRACE, ['-f', '-s', '4000000', '-e', calls, '-o', trace, process.execPath, ANSWERING, join(folder, 'traced'), '200'])
    assert.equal(traced.status, 0, String(traced.stderr))
    assert.deepEqual(checkOrder(readFileSync(trace, 'utf8')), { answers: 200, early: 0 })
  })

  it('no answer leaves through the HTTPS door before its record is on disk', {
    skip: mayTrace ? false : 'strace is not here, or may not trace',
  }, () => {
    const trace = join(folder, 'door-trace')
    const calls = 'trace=openat,close,accept4,write,writev,sendmsg,pwrite64'
    const traced = spawnSync(STRACE, ['-f', '-s', '100000', '-e', calls, '-o', trace, process.execPath, ANSWERING_DOOR, join(folder, 'door'), '100'])
    assert.equal(traced.status, 0, String(traced.stderr))
    assert.deepEqual(checkDoor(readFileSync(trace, 'utf8')), { answers: 100, early: 0 })
  })

  it('that check finds an answer that left before its record', () => {
    const open = '1 openat(AT_FDCWD, "/s/1.jsonl", O_WRONLY|O_CREAT|O_TRUNC|O_DSYNC|O_CLOEXEC, 0600) = 9'
    const accept = '1 accept4(20, NULL, NULL, SOCK_CLOEXEC|SOCK_NONBLOCK) = 21'
    const record = `2 pwrite64(9, "\\"receiptDigest\\":\\"sha256:${'a'.repeat(64)}\\"", 9, 0`
    const answer = '1 write(21, "\\27\\3\\3\\0"..., 9) = 9'
    const [handshake, other] = ['1 write(21, "\\26\\3\\3"..., 9) = 9', '1 write(22, "\\27\\3\\3"..., 9) = 9']
    const check = (...lines: readonly string[]) => checkDoor([open, accept, ...lines].join('\n'))
    assert.deepEqual(check(handshake, other, `${record}) = 9`, answer), { answers: 1, early: 0 })
    assert.deepEqual(check(answer, `${record}) = 9`), { answers: 1, early: 1 })
    assert.deepEqual(check(`${record} <unfinished ...>`, answer, '2 <... pwrite64 resumed>) = 9'), { answers: 1, early: 1 })
    assert.deepEqual(check('1 write(21, "\\27\\3\\3"... <unfinished ...>', `${record}) = 9`, '1 <... write resumed>) = 9'), { answers: 1, early: 1 })
    assert.deepEqual(check(`${record}) = 9`, answer, answer), { answers: 2, early: 1 })
  })

  it('that check finds an answer before its fsync', () => {
    const receipt = `sha256:${'a'.repeat(64)}`
    const open = '1 openat(AT_FDCWD, "/s/1.jsonl", O_WRONLY|O_CREAT|O_TRUNC|O_DSYNC|O_CLOEXEC, 0600) = 9'
    const write = `2 pwrite64(9, "\\"receiptDigest\\":\\"${receipt}\\"", 9, 0`
    const answer = `1 write(1, "ANSWER ${receipt}\\n", 9) = 9`
    assert.equal(checkOrder([open, `${write}) = 9`, answer].join('\n')).early, 0)
    assert.equal(checkOrder([open, `${write} <unfinished ...>`, '2 <... pwrite64 resumed>) = 9', answer].join('\n')).early, 0)
    assert.equal(checkOrder([open, `${write} <unfinished ...>`, answer, '2 <... pwrite64 resumed>) = 9'].join('\n')).early, 1)
    assert.equal(checkOrder([open, answer, `${write}) = 9`].join('\n')).early, 1)
    assert.equal(checkOrder([open, `${write}) = -1 EIO`, answer].join('\n')).early, 1)
    assert.equal(checkOrder([open, '1 close(9) = 0', `${write}) = 9`, answer].join('\n')).early, 1)
    assert.equal(checkOrder([open.replace('|O_DSYNC', ''), `${write}) = 9`, answer].join('\n')).early, 1)
  })

  for (const answers of [1, 137, 600]) {
    it(`kill -9 after ${answers} answers loses no answered decision`, async () => {
      const spoolFolder = join(folder, `killed-${answers}`)
      const answered = await killAfter(spoolFolder, answers)
      const spool = new Spool({ folder: spoolFolder, newWriter: () => 'new', maxBytes: 1e9, segmentBytes: 1e9 })
      const records = spool.readAfter(0, Number.POSITIVE_INFINITY)
      const kept = new Set(records.map(({ canonical }) => (JSON.parse(canonical) as DecisionRecord).receiptDigest))
      assert.ok(answered.length >= answers)
      assert.deepEqual(
        answered.filter((receipt) => !kept.has(receipt)),
        [],
      )
      assert.equal((await verifyChain(spool.writer, records)).outcome, 'INTACT')
      await spool.close()
    })
  }
})

/** Lets a process answer, kills it the moment that so many answers were seen, and gives all that it ever said. */
async function killAfter(spoolFolder: string, answers: number): Promise<readonly string[]> {
  const child = spawn(process.execPath, [ANSWERING, spoolFolder], { stdio: ['ignore', 'pipe', 'inherit'] })
  const seen: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    const receipt = RECEIPT.exec(line)?.[0]
    if (receipt !== undefined) seen.push(receipt)
    if (seen.length === answers) child.kill('SIGKILL')
  }
  return seen
}

const ANSWER = /^(?:write|writev|sendmsg)\(/

interface Found {
  readonly answers: number
  readonly early: number
}

/** A record is durable when its write, to a file opened with O_DSYNC, came back. */
function checkOrder(trace: string): Found {
  const found = { answers: 0, early: 0 }
  follow(trace, (call, durable) => {
    if (!call.startsWith('write(1, "ANSWER')) return
    found.answers++
    if (!durable.has(RECEIPT.exec(call)?.[0] ?? '')) found.early++
  })
  return found
}

/** Of a connection on which one review is asked after another: the nth piece of application data that leaves must find n records on disk. */
function checkDoor(trace: string): Found {
  const found = { answers: 0, early: 0 }
  const accepted = new Set<string>()
  follow(trace, (call, durable) => {
    if (call.startsWith('accept4(')) accepted.add(resultOf(call) ?? '')
    if (!ANSWER.test(call) || !accepted.has(descriptorOf(call)) || !call.includes('"\\27\\3\\3')) return
    found.answers++
    if (durable.size < found.answers) found.early++
  })
  return found
}

/** Follows the system calls in the order in which they came back, with the receipts whose records were durable by then. */
function follow(trace: string, onCall: (call: string, durable: ReadonlySet<string>) => void): void {
  const pending = new Map<string, string>()
  const synchronised = new Set<string>()
  const durable = new Set<string>()
  for (const line of trace.split('\n')) {
    const [, pid = '', said = ''] = /^(\d+) +(.*)$/.exec(line) ?? []
    if (said.endsWith('<unfinished ...>')) {
      const begun = said.slice(0, -'<unfinished ...>'.length)
      // An answer counts from when it begins to leave, a record from when its write came back.
      if (ANSWER.test(begun)) onCall(begun, durable)
      pending.set(pid, ANSWER.test(begun) ? '' : begun)
      continue
    }
    const call = said.startsWith('<... ') ? `${pending.get(pid) ?? ''}${said.slice(said.indexOf('>') + 1)}` : said
    const result = resultOf(call)
    if (call.startsWith('openat(') && call.includes('O_DSYNC') && result !== undefined) synchronised.add(result)
    else if (call.startsWith('close(')) synchronised.delete(descriptorOf(call))
    else if (call.startsWith('pwrite64(') && result !== undefined && synchronised.has(descriptorOf(call))) {
      for (const receipt of receiptsOf(call)) durable.add(receipt)
    } else onCall(call, durable)
  }
}

function resultOf(call: string): string | undefined {
  return / = (\d+)/.exec(call.slice(call.lastIndexOf(')')))?.[1]
}

function descriptorOf(call: string): string {
  return /\((\d+)/.exec(call)?.[1] ?? ''
}

function receiptsOf(call: string): readonly string[] {
  return call.match(/receiptDigest\\":\\"sha256:[0-9a-f]{64}/g)?.map((text) => text.slice(text.indexOf('sha256:'))) ?? []
}
