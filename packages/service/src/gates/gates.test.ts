import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseClusterKey } from '@countersign/core/name/resource-name.ts'
import { formatCanonicalJson } from '@countersign/evidence/record/canonical-json.ts'
import { digestReceipt, sealReceipt } from '@countersign/evidence/record/receipt.ts'
import { appendToChain, EMPTY_CHAIN } from '@countersign/evidence/record/chain.ts'
import type { Caller } from '../access/caller.ts'
import type { ChainRecord } from '../audit/ports.ts'
import { getValue } from '../changes/invalid.ts'
import { callerOf } from '../testing/callers.ts'
import { cluster, project, token } from '../testing/contract-store.ts'
import { makeDecisionRows } from '../testing/decision-rows.ts'
import { makeMemoryStore } from '../testing/memory-tables.ts'
import { makeTestSurroundings } from '../testing/surroundings.ts'
import { refusalOf } from '../testing/thrown.ts'
import { makeGates } from './gates.ts'

const NAME = 'projects/demo/clusters/us-central1.prod'
const WRITER = 'gate-00000000-0000-4000-8000-00000000000a'
const REPORT = { displayName: 'pod-1', version: '1', position: 7, policyEtag: '"e"', staleForMs: 5, unshipped: 0, counters: {} }

/** The caller whose token is `id`, standing at a cluster. */
function gate(id: string, key = 'us-central1.prod', owner = 'demo'): Caller {
  return { ...callerOf('gate', owner), principal: `token:${id}`, cluster: getValue(parseClusterKey(key)) }
}

async function arrange() {
  const store = makeMemoryStore()
  const surroundings = makeTestSurroundings()
  surroundings.advance(3 * 3600_000)
  await store.changes.commit(async (tables) => {
    for (const id of ['demo', 'other']) await tables.insertProject(project(id))
    for (const key of ['us-central1.prod', 'us-central1.test']) await tables.insertCluster(cluster('demo', key))
    for (const id of ['one', 'two']) await tables.insertToken(token(id, { role: 'gate' }))
  })
  return { store, surroundings, gates: makeGates({ changes: store.changes, decisions: store.decisions, surroundings }) }
}

/** One decision as the gate of the cluster records it, or with another project or cluster, its receipt's digest made to fit. */
function decisions(over: { readonly project?: string; readonly cluster?: string } = {}): readonly ChainRecord[] {
  const [row] = makeDecisionRows(WRITER, [over.project ?? 'demo'])
  const tree = JSON.parse(row?.canonical ?? '') as { readonly receipt: { readonly request: { scope: { cluster: string } } } }
  tree.receipt.request.scope.cluster = over.cluster ?? 'us-central1.prod'
  return [relink(formatCanonicalJson({ ...tree, receiptDigest: sealReceipt(tree.receipt).digest }))]
}

/** Chained and hashed as it should be, whatever the text says. */
function relink(canonical: string): ChainRecord {
  return { writer: WRITER, ...appendToChain(WRITER, EMPTY_CHAIN, canonical) }
}

test('ship() files decisions of the caller’s cluster, and the same again changes nothing', async () => {
  const { gates, store } = await arrange()
  const batch = { writer: WRITER, records: decisions() }
  assert.deepEqual([await gates.ship(gate('one'), NAME, batch), await gates.ship(gate('one'), NAME, batch)], [1, 1])
  const chain = await store.changes.read((tables) => tables.listChain(WRITER, { pageSize: 10 }))
  assert.equal(chain.items.length, 1)
})

test('a token of another cluster, of another project or of another role neither follows nor ships', async () => {
  const { gates } = await arrange()
  const strangers = [gate('one', 'us-central1.test'), gate('one', 'us-central1.prod', 'other'), callerOf('admin', 'demo'), callerOf('viewer', 'demo')]
  for (const caller of strangers) {
    assert.equal((await refusalOf(gates.follow(caller, NAME))).code, 'PERMISSION_DENIED')
    assert.equal((await refusalOf(gates.ship(caller, NAME, { writer: WRITER, records: decisions() }))).code, 'PERMISSION_DENIED')
  }
})

test('records are refused that are another’s, not canonical, not showable, of another receipt or of the future', async () => {
  const { gates } = await arrange()
  const [good] = decisions()
  assert(good !== undefined)
  const tree = JSON.parse(good.canonical) as Record<string, unknown>
  const forged: readonly (readonly [string, ChainRecord])[] = [
    ['PERMISSION_DENIED', decisions({ project: 'other' })[0] ?? good],
    ['PERMISSION_DENIED', decisions({ cluster: 'us-central1.test' })[0] ?? good],
    ['INVALID_ARGUMENT', relink(` ${good.canonical}`)],
    ['INVALID_ARGUMENT', relink('{"receipt":{}}')],
    ['INVALID_ARGUMENT', relink(formatCanonicalJson({ ...tree, receiptDigest: `sha256:${'0'.repeat(64)}` }))],
    ['INVALID_ARGUMENT', relink(formatCanonicalJson({ ...tree, timestamp: '2036-01-31T13:00:00.000000Z' }))],
    ['INVALID_ARGUMENT', relink(nested(tree, 6_000))],
    ['INVALID_ARGUMENT', relink(nested(tree, 200_000))],
    ['INVALID_ARGUMENT', { ...good, hash: 'x' }],
    ['INVALID_ARGUMENT', { ...good, sequence: 0 }],
  ]
  for (const [code, record] of forged) {
    assert.equal((await refusalOf(gates.ship(gate('one'), NAME, { writer: WRITER, records: [record] }))).code, code, record.canonical.slice(0, 80))
  }
})

/** Deeper than any decision: who reads the log later has less stack than who took the record in. */
function nested(tree: Record<string, unknown>, depth: number): string {
  const receipt = formatCanonicalJson({ ...(tree['receipt'] as object), evaluator: 'DEEP' }).replace(
    '"DEEP"',
    `${'['.repeat(depth)}${']'.repeat(depth)}`,
  )
  return formatCanonicalJson({ ...tree, receiptDigest: digestReceipt(receipt), receipt: 'RECEIPT' }).replace('"RECEIPT"', receipt)
}

test('only denials are counted: an admission in a count would be in no list of receipts', async () => {
  const { gates } = await arrange()
  const [good] = decisions()
  assert(good !== undefined)
  const tree = JSON.parse(good.canonical) as { readonly timestamp: string; readonly receipt: { readonly decision: object } }
  const [first, last] = [tree.timestamp, tree.timestamp]
  const counted = (decision: object, repeated: unknown) => {
    const receipt = { ...tree.receipt, decision: { ...tree.receipt.decision, ...decision } }
    const record = relink(formatCanonicalJson({ ...tree, receipt, receiptDigest: sealReceipt(receipt).digest, repeated }))
    return gates.ship(gate('one'), NAME, { writer: WRITER, records: [record] })
  }
  const denied = { outcome: 'DENIED', reason: 'VIOLATES_POLICY' }
  for (const [decision, repeated] of [
    [
      { outcome: 'ALLOWED', reason: 'CONFORMS' },
      { count: 1, first, last },
    ],
    [
      { outcome: 'ALLOWED', reason: 'BREAK_GLASS' },
      { count: 1, first, last },
    ],
    [denied, null],
    [denied, { count: 0, first, last }],
    [denied, { count: 1.5, first, last }],
    [denied, { count: 1, first, last: 'soon' }],
    [denied, { count: 1, first, last, more: 1 }],
  ] as const)
    assert.equal((await refusalOf(counted(decision, repeated))).code, 'INVALID_ARGUMENT', JSON.stringify([decision, repeated]))
  assert.equal(await counted(denied, { count: 3, first, last }), 1)
})

test('a writer belongs to the token that used it first, and to a new one of the cluster once that is revoked', async () => {
  const { gates, store } = await arrange()
  await gates.ship(gate('one'), NAME, { writer: WRITER, records: decisions() })
  const takeOver = () => gates.ship(gate('two'), NAME, { writer: WRITER, records: decisions() })
  assert.equal((await refusalOf(takeOver())).code, 'PERMISSION_DENIED')
  await store.changes.commit((tables) => tables.revokeToken('one', '2026-01-31T15:00:00.000000Z'))
  assert.equal(await takeOver(), 1)
})

test('a writer that the log knows from elsewhere, and a name that is none of a gate, are refused', async () => {
  const { gates, store } = await arrange()
  await store.decisions.acceptDecisions(WRITER, decisions())
  const told = (writer: string) => gates.report(gate('one'), NAME, { writer, report: REPORT })
  assert.equal((await refusalOf(told(WRITER))).code, 'PERMISSION_DENIED')
  assert.equal((await refusalOf(told('server:memory'))).code, 'INVALID_ARGUMENT')
})

test('listGates() shows what gates last said, a day long', async () => {
  const { gates, surroundings } = await arrange()
  await gates.report(gate('one'), NAME, { writer: WRITER, report: REPORT })
  await gates.report(gate('one'), NAME, { writer: WRITER, report: { ...REPORT, position: 8 } })
  assert.deepEqual(
    (await gates.listGates()).map(({ writer, token: id, report }) => ({ writer, id, position: report.position })),
    [{ writer: WRITER, id: 'one', position: 8 }],
  )
  surroundings.advance(25 * 3600_000)
  assert.deepEqual(await gates.listGates(), [])
})

test('what a gate says of itself can always be shown: no number that an int64 does not hold', async () => {
  const { gates } = await arrange()
  const [tooMuch, tooLittle] = [Number(2n ** 63n - 1n), Number(-(2n ** 63n))]
  const report = { ...REPORT, position: tooMuch, staleForMs: tooLittle, unshipped: Number.NaN, counters: { 'answers.denied': tooMuch } }
  await gates.report(gate('one'), NAME, { writer: WRITER, report })
  const [shown] = await gates.listGates()
  const most = Number.MAX_SAFE_INTEGER
  assert.deepEqual(shown?.report, { ...REPORT, position: most, staleForMs: 0, unshipped: 0, counters: { 'answers.denied': most } })
})
