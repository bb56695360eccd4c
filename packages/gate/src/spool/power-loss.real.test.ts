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

/** Follows the system calls in order: a record is durable when its write, to a file opened with O_DSYNC, came back. */
function checkOrder(trace: string): { readonly answers: number; readonly early: number } {
  const pending = new Map<string, string>()
  const synchronised = new Set<string>()
  const durable = new Set<string>()
  const found = { answers: 0, early: 0 }
  for (const line of trace.split('\n')) {
    const [, pid = '', said = ''] = /^(\d+) +(.*)$/.exec(line) ?? []
    if (said.endsWith('<unfinished ...>')) {
      pending.set(pid, said.slice(0, -'<unfinished ...>'.length))
      continue
    }
    const call = said.startsWith('<... ') ? `${pending.get(pid) ?? ''}${said.slice(said.indexOf('>') + 1)}` : said
    const result = / = (\d+)/.exec(call.slice(call.lastIndexOf(')')))?.[1]
    if (call.startsWith('write(1, "ANSWER')) {
      found.answers++
      if (!durable.has(RECEIPT.exec(call)?.[0] ?? '')) found.early++
    } else if (call.startsWith('openat(') && call.includes('O_DSYNC') && result !== undefined) {
      synchronised.add(result)
    } else if (call.startsWith('close(')) {
      synchronised.delete(descriptorOf(call))
    } else if (call.startsWith('pwrite64(') && result !== undefined && synchronised.has(descriptorOf(call))) {
      for (const receipt of receiptsOf(call)) durable.add(receipt)
    }
  }
  return found
}

function descriptorOf(call: string): string {
  return /\((\d+)/.exec(call)?.[1] ?? ''
}

function receiptsOf(call: string): readonly string[] {
  return call.match(/receiptDigest\\":\\"sha256:[0-9a-f]{64}/g)?.map((text) => text.slice(text.indexOf('sha256:'))) ?? []
}
