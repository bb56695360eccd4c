import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decideAdmission } from '@countersign/core/admission/decide.ts'
import { makeReceipt } from '@countersign/core/admission/receipt.ts'
import { evidence, IMAGE, NOW, request } from '@countersign/core/admission/testing/admission.ts'
import { sealReceipt } from '@countersign/evidence/record/receipt.ts'
import { makeDecisionRows } from '@countersign/service/testing/decision-rows.ts'
import { keepVersions } from '@countersign/service/testing/kept-versions.ts'
import { makeFakeServer } from '../../testing/fake-server.ts'
import { type MemoryWorld, runInMemory } from '../../testing/memory-terminal.ts'
import { tellReceipt } from './story.ts'

async function arrange() {
  const { send, world } = await makeFakeServer()
  const rows = makeDecisionRows('gate:a', ['p1', 'p12', 'p1'])
  await world.store.decisions.acceptDecisions('gate:a', rows)
  const run = (argv: readonly string[], around: MemoryWorld = {}) =>
    runInMemory(['receipts', ...argv], { send, now: () => Date.parse(rows[0]?.time ?? ''), ...around })
  return { run, world, digest: rows[0]?.receiptDigest ?? '' }
}

test('receipts replay: what was decided is decided again, from the server and from an export', async () => {
  const { run, world, digest } = await arrange()
  await keepVersions(world.store.changes)
  for (const argv of [
    ['replay', digest],
    ['replay', '--since=7d'],
  ]) {
    const { exit, stdout, stderr } = await run(argv)
    assert.deepEqual([exit, stdout], [0, ''], stderr)
    assert.match(stderr, argv[1] === digest ? /^Replayed 1: 1 agree/ : /^Replayed 2: 2 agree/)
  }
  const { stdout: bundle } = await run(['export'])
  assert.equal(bundle.trimEnd().split('\n').length, 4)
  const offline = await runInMemory(['receipts', 'replay', '--file=b.jsonl'], { files: { 'b.jsonl': bundle } })
  assert.deepEqual([offline.exit, offline.stderr], [0, 'Replayed 2: 2 agree, 0 differ, 0 altered, 0 without their inputs.'])
})

test('receipts replay: exit 3 without the inputs, and where there is nothing to replay', async () => {
  const { run, digest } = await arrange()
  const { exit, stdout } = await run(['replay', digest])
  assert.equal(exit, 3)
  assert.match(stdout, /MISSING.*policy version/)
  assert.equal((await run(['replay', '--file=b'], { files: { b: '' } })).exit, 3)
})

test('receipts replay: exit 1 where a bundle was changed, and the receipt is named', async () => {
  const { run, world, digest } = await arrange()
  await keepVersions(world.store.changes)
  const { stdout: bundle } = await run(['export'])
  const changed = bundle.replace('ALLOWED', 'DENIED')
  const { exit, stdout } = await run(['replay', '--file=b', '-o', 'json'], { files: { b: changed } })
  assert.equal(exit, 1)
  assert.deepEqual(JSON.parse(stdout), [{ receipt: digest, outcome: 'ALTERED', detail: 'The receipt does not have the digest that names it' }])
})

test('receipts replay: a decision that the law does not make is named, with what was recorded and what comes now', async () => {
  const { run, world } = await arrange()
  await keepVersions(world.store.changes)
  const inputs = (await run(['export'])).stdout.split('\n').slice(0, 2)
  const known = evidence([])
  const decision = { ...decideAdmission(request([IMAGE]), known), outcome: 'ALLOWED', reason: 'CONFORMS' } as const
  const forged = sealReceipt(makeReceipt(request([IMAGE]), known, decision, { evaluator: '0.1.0' }))
  const { exit, stdout } = await run(['replay', '--file=-', '-o', 'json'], { input: [...inputs, JSON.stringify(forged)].join('\n') })
  const detail = 'outcome: recorded "ALLOWED", now "DENIED"; reason: recorded "CONFORMS", now "VIOLATES_POLICY"'
  assert.deepEqual([exit, JSON.parse(stdout)], [1, [{ receipt: forged.digest, outcome: 'DIFFERS', detail }]])
})

test('receipts replay: usage', async () => {
  const { run, digest } = await arrange()
  for (const argv of [['replay'], ['replay', digest, '--since=7d'], ['replay', '--since=week'], ['replay', '--file=b']]) {
    assert.equal((await run(argv, { files: { b: '{"x":1}\n' } })).exit, 2)
  }
})

test('receipts explain tells a stored receipt', async () => {
  const { run, digest } = await arrange()
  const { exit, stdout } = await run(['explain', digest])
  assert.equal(exit, 0)
  assert.match(stdout, /^Allowed: every image conforms to the policy\nAsked at 2026-01-31T12:00:00.000Z/)
})

test('tellReceipt() tells who asked, which rule, which evidence, why not, and what would have admitted it', () => {
  const rejected = { outcome: 'REJECTED', occurrence: 'projects/p1/occurrences/o', receivedAt: NOW, cause: 'BAD_SIGNATURE' } as const
  const known = evidence([rejected as never])
  const asked = request([IMAGE], { user: { username: 'ana\u001b[2J' } })
  const receipt = makeReceipt(asked, known, decideAdmission(asked, known), { evaluator: '0.1.0' })
  const lines = tellReceipt(receipt)
  assert.deepEqual(lines.slice(0, -1), [
    'Denied: 1 of 1 images may not run',
    'Asked at 2026-01-31T12:00:00.000Z by ana\\u001b[2J',
    '  CREATE of pods nginx',
    '  in namespace default, service account default, cluster us-central1-a.prod, project p1',
    'Judged by policy version "etag-1"; program version 0.1.0',
    '',
    `R${IMAGE.slice(1)} is denied by the default admission rule: projects/p1/attestors/qa has no attestation of this digest that counts: the signature does not fit the payload and the key`,
    '  stands in c0 (spec.containers[0].image)',
    '  ruled by the default admission rule',
    '  projects/p1/attestors/qa: not attested (version "a", 1 key)',
    '    projects/p1/occurrences/o, received 2026-01-31T12:00:00.000Z: does not count: the signature does not fit the payload and the key',
  ])
  assert.match(lines.at(-1) ?? '', /^ {2}to admit it: .*: countersign /)
})
