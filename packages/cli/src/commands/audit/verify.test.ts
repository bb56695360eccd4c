import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { makeCheckpointKey, makeCheckpointSigner } from '@countersign/evidence/log/checkpoint.ts'
import { makeMerkleTree } from '@countersign/evidence/log/merkle.ts'
import { formatLeaf, type Segment } from '@countersign/evidence/log/segment.ts'
import { appendToChain, type ChainHead, EMPTY_CHAIN } from '@countersign/evidence/record/chain.ts'
import { makeDecisionRows } from '@countersign/service/testing/decision-rows.ts'
import { makeFakeServer } from '../../testing/fake-server.ts'
import { runInMemory } from '../../testing/memory-terminal.ts'

interface HeaderLine {
  readonly export: string
  readonly checkpoint?: string
  readonly publicKey?: string
  readonly heads: readonly { readonly writer: string; readonly sequence: number; readonly hash: string }[]
}

interface RecordLine {
  readonly writer: string
  readonly sequence: number
  readonly previousHash: string
  readonly hash: string
  readonly canonical: string
}

/** An export of a log with a gate's chain and the server's, sealed whole. */
async function makeExport() {
  const { send, world } = await makeFakeServer()
  await world.store.decisions.acceptDecisions('gate-1', makeDecisionRows('gate-1', ['p1', 'p1', 'p1', 'p1']))
  const { stdout } = await runInMemory(['audit', 'export'], { send })
  const [header = '', ...lines] = stdout.trimEnd().split('\n')
  return { send, world, text: stdout, header: JSON.parse(header) as HeaderLine, lines }
}

interface Brought {
  readonly checkpoint?: string
  readonly publicKey?: string
}

async function verify(text: string | Uint8Array, { checkpoint, publicKey }: Brought = {}) {
  const files = { 'a.jsonl': text, checkpoints: checkpoint ?? '', 'log-key.pub': `${publicKey ?? ''}\n` }
  const argv = [...(checkpoint === undefined ? [] : ['--checkpoint=checkpoints']), ...(publicKey === undefined ? [] : ['--public-key=log-key.pub'])]
  const { exit, stdout, stderr } = await runInMemory(['audit', 'verify', 'a.jsonl', '-o', 'json', ...argv], { files })
  const rows = exit === 2 ? [] : (JSON.parse(stdout) as readonly { readonly writer: string; readonly outcome: string; readonly detail: string }[])
  return { exit, stderr, rows, log: rows.at(-1) }
}

/** What the owner of the database can do: every hash from a record on is made anew, and the heads too. */
function rewrite({ header, lines }: Awaited<ReturnType<typeof makeExport>>, from: number): { header: HeaderLine; lines: readonly string[] } {
  let head: ChainHead = EMPTY_CHAIN
  const rewritten = lines.map((line) => {
    const record = JSON.parse(line) as RecordLine
    if (record.writer !== 'gate-1' || record.sequence === undefined) return line
    const canonical = record.sequence < from ? record.canonical : record.canonical.replace('request-', 'forged-')
    const link = appendToChain('gate-1', head, canonical)
    head = link
    return JSON.stringify({ writer: 'gate-1', sequence: link.sequence, previousHash: link.previousHash, hash: link.hash, canonical })
  })
  const heads = header.heads.map((one) => (one.writer === 'gate-1' ? { ...one, hash: head.hash } : one))
  return { header: { ...header, heads }, lines: rewritten }
}

const join = (header: object, lines: readonly string[]): string => [JSON.stringify(header), ...lines].map((line) => `${line}\n`).join('')

test('audit verify proves a server’s log and its export, by the key that came with it and by one that was kept', async () => {
  const { send, text, header } = await makeExport()
  const live = await runInMemory(['audit', 'verify', '-o', 'json'], { send })
  assert.equal(live.exit, 0, live.stderr)
  const { exit, rows, log } = await verify(text)
  assert.deepEqual([exit, rows.map(({ outcome }) => outcome)], [0, ['INTACT', 'INTACT', 'PROVEN']])
  assert.equal(log?.detail, 'as signed in its checkpoints by the key that came with it')
  const kept = await verify(text, { checkpoint: `${header.checkpoint}\n`, publicKey: header.publicKey ?? '' })
  assert.deepEqual([kept.exit, kept.log?.detail], [0, 'as signed in its checkpoints'])
})

test('any byte that is another is named', async () => {
  const { text } = await makeExport()
  const bytes = Buffer.from(text)
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, mask) => {
      const flipped = Buffer.from(bytes)
      flipped[at] = (flipped[at] ?? 0) ^ mask
      const { exit, stderr, rows } = await verify(flipped)
      assert.notEqual(exit, 0, `byte ${at}`)
      assert.ok(exit === 2 ? /a\.jsonl:\d+: |holds no record/.test(stderr) : rows.some(({ outcome }) => outcome === 'BROKEN'))
    }),
    { numRuns: 400 },
  )
})

test('an end that was cut off is named, wherever it was cut', async () => {
  const { text, header, lines } = await makeExport()
  await fc.assert(
    fc.asyncProperty(fc.nat(text.length - 2), async (length) => assert.notEqual((await verify(text.slice(0, length))).exit, 0)),
    { numRuns: 150 },
  )
  const { exit, rows } = await verify(join(header, lines.slice(0, -1)))
  assert.equal(exit, 1)
  assert.match(rows.find(({ outcome }) => outcome === 'BROKEN')?.detail ?? '', /^record \d+: TRUNCATED/)
})

test('a chain that was made anew from any record on is named, though every hash in it is right', async () => {
  const made = await makeExport()
  for (const from of [1, 2, 3, 4]) {
    const { header, lines } = rewrite(made, from)
    const { exit, rows, log } = await verify(join(header, lines))
    assert.deepEqual([exit, rows.map(({ outcome }) => outcome)], [1, ['INTACT', 'INTACT', 'BROKEN']])
    assert.match(log?.detail ?? '', /^record 1 of server:memory: REWRITTEN: The first 0 leaves hold/)
  }
})

test('checkpoints that were kept show the owner of the database who signs anew, takes the checkpoint out or cuts the log with it', async () => {
  const made = await makeExport()
  const kept = { checkpoint: `${made.header.checkpoint}\n`, publicKey: made.header.publicKey ?? '' }
  const { header, lines } = rewrite(made, 3)
  const forger = makeCheckpointSigner('countersign.log/fake', makeCheckpointKey())
  const tree = makeMerkleTree()
  const parts = lines.map((line) => JSON.parse(line) as Segment & RecordLine)
  for (const { writer, first, last, start } of parts.filter((part) => part.start !== undefined)) {
    assert.equal(start, tree.size)
    for (let sequence = first; sequence <= last; sequence++)
      tree.append(formatLeaf(writer, sequence, parts.find((part) => part.writer === writer && part.sequence === sequence)?.hash ?? ''))
  }
  const signed = { ...header, checkpoint: forger.sign({ size: tree.size, root: tree.root() }), publicKey: forger.verifierKey }
  assert.equal((await verify(join(signed, lines))).exit, 0, 'whoever believes the key that comes with the log believes this')
  assert.match((await verify(join(signed, lines), { publicKey: kept.publicKey })).log?.detail ?? '', /^UNSIGNED: the checkpoint that comes with it/)
  const { checkpoint: _, publicKey: __, ...bare } = header
  const without = await verify(join(bare, lines))
  assert.deepEqual([without.exit, without.log?.outcome], [0, 'UNSEALED'])
  assert.match(without.stderr, /^WARNING: The log has no checkpoint/)
  assert.match((await verify(join(bare, lines), { publicKey: kept.publicKey })).log?.detail ?? '', /^UNSIGNED: No checkpoint comes with it/)
  assert.match((await verify(join(bare, lines), kept)).log?.detail ?? '', /REWRITTEN/)
  const cut = { ...bare, heads: bare.heads.filter(({ writer }) => writer !== 'gate-1') }
  const rest = lines.filter((line) => !line.includes('"gate-1"'))
  assert.equal((await verify(join(cut, rest), kept)).exit, 1)
})

test('records since the last checkpoint are said to stand by their chains alone', async () => {
  const { world, send, header } = await makeExport()
  const rows = makeDecisionRows('gate-1', ['p1', 'p1', 'p1', 'p1', 'p1', 'p1'])
  await world.store.decisions.acceptDecisions('gate-1', rows.slice(4))
  const { stdout } = await runInMemory(['audit', 'export'], { send })
  const [now = '', ...lines] = stdout.trimEnd().split('\n')
  const older = { ...(JSON.parse(now) as HeaderLine), checkpoint: header.checkpoint }
  const { exit, log } = await verify(join(older, lines))
  assert.deepEqual([exit, log?.outcome], [0, 'PROVEN'])
  assert.match(log?.detail ?? '', /; 2 since then, by their chains alone$/)
})

test('what is no export, no checkpoint and no key is refused with its next step', async () => {
  const { text } = await makeExport()
  for (const broken of ['', '{}\n', `${text}x\n`, `\n${text}`]) assert.equal((await verify(broken)).exit, 2)
  assert.match((await verify(text, { checkpoint: 'nothing' })).stderr, /holds no checkpoint/)
  assert.match((await verify(text, { publicKey: 'nothing' })).stderr, /holds no key of a log/)
})
