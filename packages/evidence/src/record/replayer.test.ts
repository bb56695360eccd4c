import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decideAdmission } from '@countersign/core/admission/decide.ts'
import { makeReceipt } from '@countersign/core/admission/receipt.ts'
import { ATTESTOR, attestor, evidence, IMAGE, policy, request, rule, verified } from '@countersign/core/admission/testing/admission.ts'
import { compilePolicy } from '@countersign/core/policy/compile.ts'
import { DEFAULT_POLICY } from '@countersign/core/policy/default-policy.ts'
import { formatPolicy } from '@countersign/core/policy/format.ts'
import { digestInput, digestReceipt, sealReceipt } from './receipt.ts'
import { type BundledInput, makeReplayer } from './replayer.ts'

const known = evidence([verified()])
const decision = decideAdmission(request([IMAGE]), known)
const policyDigest = digestInput('policy', known.policy.policy)
const receipt = makeReceipt(request([IMAGE]), known, decision, { evaluator: '0.1.0', policyDigest })
const POLICY: BundledInput = { policy: formatPolicy(known.policy.policy), project: 'p1', etag: known.policy.etag }
const state = attestor()
const QA: BundledInput = { attestor: state.state === 'PRESENT' ? state.attestor : undefined, etag: '"a"' }

test('a sealed receipt replays from its bundled inputs, and says what is missing without them', () => {
  const replayer = makeReplayer()
  const sealed = sealReceipt(receipt)
  assert.deepEqual(replayer.replay(sealed), { outcome: 'MISSING', detail: 'Missing: policy version "etag-1" of project "p1"' })
  assert.ok(replayer.learn(POLICY))
  assert.deepEqual(replayer.replay(sealed), { outcome: 'MISSING', detail: `Missing: version "a" of attestor ${ATTESTOR}` })
  assert.ok(replayer.learn(QA))
  assert.deepEqual(replayer.replay(sealed), { outcome: 'AGREES' })
})

test('a receipt or a policy that was changed is found by its digest', () => {
  const replayer = makeReplayer()
  const sealed = sealReceipt(receipt)
  const other = policy({ defaultAdmissionRule: rule('ALWAYS_ALLOW') }).policy
  replayer.learn({ policy: formatPolicy(other), project: 'p1', etag: known.policy.etag })
  replayer.learn(QA)
  assert.equal(replayer.replay(sealed).outcome, 'ALTERED')
  assert.equal(replayer.replay({ ...sealed, canonical: sealed.canonical.replace('ALLOWED', 'DENIED') }).outcome, 'ALTERED')
  replayer.learn({ attestor: { ...(QA as { attestor: object }).attestor, noteUid: 'another' }, etag: '"a"' })
  replayer.learn(POLICY)
  assert.equal(replayer.replay(sealed).outcome, 'ALTERED')
})

test('a decision that was sealed otherwise than the law has it is named', () => {
  const replayer = makeReplayer()
  for (const input of [POLICY, QA]) replayer.learn(input)
  const forged = sealReceipt({ ...receipt, decision: { ...decision, outcome: 'DENIED' } })
  assert.deepEqual(replayer.replay(forged), { outcome: 'DIFFERS', differences: [{ path: 'outcome', recorded: 'DENIED', now: 'ALLOWED' }] })
})

test('a project without a policy replays by the default policy, and another version of receipts is not guessed', () => {
  const replayer = makeReplayer()
  const byDefault = { ...known, policy: compilePolicy(DEFAULT_POLICY, '') }
  const made = makeReceipt(request(['nginx']), byDefault, decideAdmission(request(['nginx']), byDefault), { evaluator: '0.1.0' })
  replayer.learn(QA)
  assert.deepEqual(replayer.replay(sealReceipt(made)), { outcome: 'AGREES' })
  assert.equal(replayer.replay(sealReceipt({ ...made, version: 2 })).outcome, 'MISSING')
})

test('what cannot be read is not learned', () => {
  const replayer = makeReplayer()
  for (const attestorTree of [undefined, {}, { name: ATTESTOR, uid: 'u', note: 'projects/p1/notes/qa', noteUid: 'n', publicKeys: [{}] }])
    assert.equal(replayer.learn({ attestor: attestorTree, etag: '"a"' }), false)
  assert.equal(replayer.learn({ policy: { defaultAdmissionRule: 7 }, project: 'p1', etag: '' }), false)
})

test('a receipt of no receipt’s form stops nobody: a gate that was taken over may have shipped it', () => {
  const replayer = makeReplayer()
  for (const input of [POLICY, QA]) replayer.learn(input)
  const { canonical } = sealReceipt(receipt)
  const tree = JSON.parse(canonical) as Readonly<Record<string, unknown>>
  for (const member of Object.keys(tree).filter((name) => name !== 'version')) {
    for (const hostile of [null, 1, 'x', [null], { '': null }]) {
      const { outcome } = replayer.replay(sealReceipt({ ...tree, [member]: hostile }))
      if (!['now', 'evaluator', 'exemptions'].includes(member)) assert.notEqual(outcome, 'AGREES', `${member} ${JSON.stringify(hostile)}`)
    }
  }
  assert.equal(replayer.replay({ canonical: '{', digest: digestReceipt('{') }).outcome, 'ALTERED')
})

test('a receipt does not speak for itself: a member named like a verdict is none', () => {
  const replayer = makeReplayer()
  for (const input of [POLICY, QA]) replayer.learn(input)
  const forged = { ...receipt, decision: { ...decision, outcome: 'DENIED' }, outcome: 'AGREES', detail: '' }
  assert.equal(replayer.replay(sealReceipt(forged)).outcome, 'DIFFERS')
})
