import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DecisionReceipt } from '@countersign/core/admission/receipt.ts'
import type { Attestor } from '@countersign/core/attestation/attestor.ts'
import { evidence } from '@countersign/core/admission/testing/admission.ts'
import { SYSTEM_POLICY } from '@countersign/core/policy/system-policy.ts'
import { formatCanonicalJson } from '@countersign/evidence/record/canonical-json.ts'
import { appendToChain } from '@countersign/evidence/record/chain.ts'
import { digestReceipt } from '@countersign/evidence/record/receipt.ts'
import { ADMIN, callerOf } from '../testing/callers.ts'
import { makeDecisionRows } from '../testing/decision-rows.ts'
import { keepVersions } from '../testing/kept-versions.ts'
import { makePolicyWorld } from '../testing/policy-world.ts'
import { refusalOf } from '../testing/thrown.ts'
import type { KeptVersions } from './ports.ts'
import { makeReceipts } from './receipts.ts'

async function arrange() {
  const world = await makePolicyWorld(['p1', 'p12'])
  const rows = makeDecisionRows('gate:a', ['p1', 'p12', 'p1', 'p1'])
  await world.store.decisions.acceptDecisions('gate:a', rows)
  const ports = { changes: world.store.changes, pageTokens: world.pageTokens, systemPolicy: SYSTEM_POLICY }
  return { ...world, rows, digest: rows[0]?.receiptDigest ?? '', receipts: makeReceipts(ports) }
}

test('getReceipt() gives the text that the digest names, in its own project only', async () => {
  const { receipts, rows, digest } = await arrange()
  const found = await receipts.getReceipt(callerOf('viewer', 'p1'), `projects/p1/receipts/${digest}`)
  assert.deepEqual(found.record, { writer: 'gate:a', sequence: 1, time: rows[0]?.time })
  assert.equal(digestReceipt(found.canonical), digest)
  assert.equal((JSON.parse(found.canonical) as DecisionReceipt).request.uid, 'request-0')
  assert.equal((await refusalOf(receipts.getReceipt(ADMIN, `projects/p12/receipts/${digest}`))).code, 'NOT_FOUND')
  assert.equal((await refusalOf(receipts.getReceipt(ADMIN, 'projects/p1/receipts/x'))).code, 'INVALID_ARGUMENT')
})

test('listReceipts() gives each receipt of the project once, oldest first, page by page, from a moment on', async () => {
  const { receipts, rows, store } = await arrange()
  const last = rows.at(-1)
  assert.ok(last !== undefined)
  const repeated = { ...JSON.parse(last.canonical), repeated: { count: 9, first: last.time, last: last.time } }
  const link = appendToChain('gate:a', last, formatCanonicalJson(repeated))
  await store.decisions.acceptDecisions('gate:a', [{ ...link, writer: 'gate:a' }])
  const viewer = callerOf('viewer', 'p1')
  const list = async (startTime: string): Promise<readonly string[]> => {
    const seen: string[] = []
    let pageToken = ''
    do {
      const page = await receipts.listReceipts(viewer, { parent: 'projects/p1', startTime, pageSize: 2, pageToken })
      seen.push(...page.receipts.map(({ digest }) => digest))
      pageToken = page.nextPageToken
    } while (pageToken !== '')
    return seen
  }
  const own = rows.filter(({ project }) => project === 'p1').map(({ receiptDigest }) => receiptDigest)
  assert.deepEqual(await list(''), own)
  assert.deepEqual(await list('2026-01-31T13:00:02Z'), own.slice(1))
  assert.equal((await refusalOf(list('yesterday'))).code, 'INVALID_ARGUMENT')
  assert.equal((await refusalOf(receipts.listReceipts(viewer, { parent: 'projects/p12' }))).code, 'PERMISSION_DENIED')
})

test('getReceiptVersions() gives the versions that the receipt names', async () => {
  const { receipts, digest, store } = await arrange()
  const name = `projects/p1/receipts/${digest}`
  assert.deepEqual(await receipts.getReceiptVersions(ADMIN, name), { attestors: [] })
  await keepVersions(store.changes)
  const { policy, attestors } = evidence([])
  const states = Object.values(attestors).flatMap((state) => (state.state === 'PRESENT' ? [state] : []))
  assert.deepEqual(await receipts.getReceiptVersions(callerOf('viewer', 'p1'), name), {
    policy: { etag: policy.etag, policy: policy.policy },
    attestors: states.map(({ etag, attestor }) => ({ etag, attestor })),
  })
  assert.equal((await refusalOf(receipts.getReceiptVersions(callerOf('viewer', 'p12'), name))).code, 'PERMISSION_DENIED')
})

test('getReceiptVersions() gives of an attestor that the caller may not read no key, but the ids that the receipt says', async () => {
  const { digest, store, pageTokens } = await arrange()
  await keepVersions(store.changes)
  const [state] = Object.values(evidence([]).attestors)
  const attestor = state?.state === 'PRESENT' ? state.attestor : undefined
  const foreign = { ...attestor, name: 'projects/p12/attestors/qa' } as Attestor
  const spying = (tables: KeptVersions) => ({ ...tables, findAttestorVersion: async () => ({ attestor: foreign }) })
  const read: Parameters<typeof makeReceipts>[0]['changes']['read'] = (work) => store.changes.read((tables) => work({ ...tables, ...spying(tables) }))
  const receipts = makeReceipts({ changes: { read }, pageTokens, systemPolicy: SYSTEM_POLICY })
  const { attestors } = await receipts.getReceiptVersions(callerOf('viewer', 'p1'), `projects/p1/receipts/${digest}`)
  assert.deepEqual(attestors[0]?.attestor.publicKeys, [{ type: 'PGP', id: 'key-1', asciiArmored: '' }])
  const all = await receipts.getReceiptVersions(ADMIN, `projects/p1/receipts/${digest}`)
  assert.deepEqual(all.attestors[0]?.attestor, foreign)
})
