import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decideAdmission } from '../admission/decide.ts'
import type { AdmissionEvidence, AttestorState } from '../admission/evidence.ts'
import { makeReceipt, type DecisionReceipt, type ReceiptInputs } from '../admission/receipt.ts'
import type { AdmissionRequest } from '../admission/request.ts'
import {
  ATTESTOR,
  attestor,
  DIGEST,
  evidence,
  IMAGE,
  NOW,
  OTHER_DIGEST,
  request,
  rule,
  SECOND_ATTESTOR,
  verified,
} from '../admission/testing/admission.ts'
import type { Attestor } from '../attestation/attestor.ts'
import type { CheckedAttestation } from '../attestation/attestation.ts'
import type { AttestorName, OccurrenceName } from '../name/resource-name.ts'
import { compilePolicy } from '../policy/compile.ts'
import type { AdmissionRule, Policy } from '../policy/policy.ts'
import { replayReceipt } from './replay.ts'
import { judgeSlowly } from './testing/slow-judge.ts'

function keep(known: AdmissionEvidence): ReceiptInputs {
  const attestors: Record<AttestorName, Attestor> = {}
  for (const [name, state] of Object.entries(known.attestors)) if (state.state === 'PRESENT') attestors[name as AttestorName] = state.attestor
  return { policy: known.policy, ...(known.systemPolicy === undefined ? {} : { systemPolicy: known.systemPolicy }), attestors }
}

/** As it comes back from a store. */
function receiptOf(asked: AdmissionRequest, known: AdmissionEvidence): DecisionReceipt {
  return JSON.parse(JSON.stringify(makeReceipt(asked, known, decideAdmission(asked, known), { evaluator: '0.1.0' }))) as DecisionReceipt
}

const requiring = fc.constantFrom([ATTESTOR], [SECOND_ATTESTOR], [ATTESTOR, SECOND_ATTESTOR])
const enforcementMode = fc.constantFrom('ENFORCED_BLOCK_AND_AUDIT_LOG' as const, 'DRYRUN_AUDIT_LOG_ONLY' as const)
const someRule: fc.Arbitrary<AdmissionRule> = fc.oneof(
  fc
    .tuple(fc.constantFrom('ALWAYS_ALLOW' as const, 'ALWAYS_DENY' as const), enforcementMode)
    .map(([mode, how]) => rule(mode, { enforcementMode: how })),
  fc.record({ requireAttestationsBy: requiring, enforcementMode }).map((one) => rule('REQUIRE_ATTESTATION', one)),
)
/** A policy has specific rules of at most one kind (§1.3). */
const specific = fc.option(fc.tuple(fc.constantFrom('clusterAdmissionRules', 'kubernetesNamespaceAdmissionRules'), someRule), { nil: undefined })
const PATTERNS = [
  'nginx',
  'quay.io/a/b:*',
  'registry.example.com/**',
  'registry.example.com/team/*',
  'registry.example.com/other/app@*',
  'quay.io/a/b:v1',
]
const somePolicy = fc
  .record({
    specific,
    globalPolicyEvaluationMode: fc.constantFrom('ENABLE' as const, 'DISABLE' as const),
    admissionWhitelistPatterns: fc.subarray(PATTERNS).map((names) => names.map((namePattern) => ({ namePattern }))),
    defaultAdmissionRule: someRule,
  })
  .map(
    ({ specific: one, ...rest }): Policy => ({
      ...rest,
      clusterAdmissionRules: one?.[0] === 'clusterAdmissionRules' ? { 'us-central1-a.prod': one[1] } : {},
      kubernetesNamespaceAdmissionRules: one?.[0] === 'kubernetesNamespaceAdmissionRules' ? { default: one[1] } : {},
      kubernetesServiceAccountAdmissionRules: {},
      istioServiceIdentityAdmissionRules: {},
    }),
  )
const moment = fc.integer({ min: -5, max: 5 }).map((hours) => NOW + hours * 3_600_000)
const maybe = <T>(one: fc.Arbitrary<T>) => fc.option(one, { nil: undefined })
const someAttestation: fc.Arbitrary<CheckedAttestation> = fc.oneof(
  fc
    .record({
      digest: fc.constantFrom(DIGEST, DIGEST, OTHER_DIGEST),
      signedAt: maybe(moment),
      expiresAt: maybe(moment),
      keyNotBefore: maybe(moment),
      keyNotAfter: maybe(moment),
      revocation: maybe(fc.record({ kind: fc.constantFrom('SOFT' as const, 'HARD' as const), at: moment })),
      receivedAt: moment,
    })
    .map(({ receivedAt, revocation, ...fact }) => {
      const set = Object.fromEntries(Object.entries({ ...fact, revocation }).filter(([, value]) => value !== undefined))
      return verified(set, { receivedAt })
    }),
  moment.map((receivedAt) => ({
    outcome: 'REJECTED' as const,
    occurrence: 'projects/p1/occurrences/bad' as OccurrenceName,
    receivedAt,
    cause: 'BAD_SIGNATURE' as const,
  })),
)
const someState: fc.Arbitrary<(name: AttestorName) => AttestorState> = fc.constantFrom(
  (name: AttestorName) => attestor(name),
  (name: AttestorName) => attestor(name),
  (name: AttestorName) => attestor(name),
  (name: AttestorName) => attestor(name, []),
  () => ({ state: 'ABSENT' as const }),
  () => ({ state: 'NOT_GRANTED' as const }),
)
const found = maybe(fc.array(someAttestation, { maxLength: 3 }))
const someEvidence: fc.Arbitrary<AdmissionEvidence> = fc
  .record({ policy: somePolicy, states: fc.tuple(someState, someState), found: fc.tuple(found, found) })
  .map(({ policy, states, found: [first, second] }) => ({
    policy: compilePolicy(policy, '"etag"'),
    exemptions: [{ id: 'trial', subject: { pattern: 'exempted' }, owner: 'ana', reason: 'trial', expiresAt: NOW + 1 }],
    attestors: { [ATTESTOR]: states[0](ATTESTOR), [SECOND_ATTESTOR]: states[1](SECOND_ATTESTOR) },
    attestations: {
      ...(first === undefined ? {} : { [ATTESTOR]: { [DIGEST]: { position: 1, checked: first } } }),
      ...(second === undefined ? {} : { [SECOND_ATTESTOR]: { [DIGEST]: { position: 1, checked: second } } }),
    },
    now: NOW,
  }))
const TEXTS = [IMAGE, IMAGE, `registry.example.com/other/app@${DIGEST}`, 'nginx', 'nginx:1', 'quay.io/a/b:v1', 'quay.io/a/b:v2', 'exempted', '::']
const someRequest = fc
  .record({
    texts: fc.array(fc.constantFrom(...TEXTS), { minLength: 1, maxLength: 3 }),
    operation: fc.constantFrom('CREATE' as const, 'CREATE' as const, 'UPDATE' as const, 'DELETE' as const),
    unchangedImages: fc.subarray(TEXTS, { maxLength: 2 }),
    broken: fc.boolean(),
  })
  .map(({ texts, operation, unchangedImages, broken }) =>
    request(texts, {
      operation,
      unchangedImages,
      ...(broken ? { breakGlass: { via: 'LABEL' as const, key: 'image-policy.k8s.io/break-glass', value: 'true' } } : {}),
    }),
  )

test('three thousand decisions replay without a difference, and a slow independent judge concludes the same', () => {
  fc.assert(
    fc.property(someRequest, someEvidence, (asked, known) => {
      const receipt = receiptOf(asked, known)
      assert.deepEqual(replayReceipt(receipt, keep(known)), { outcome: 'AGREES' })
      const { outcome, reason } = receipt.decision
      assert.deepEqual({ outcome, reason }, judgeSlowly(receipt, keep(known)))
    }),
    { numRuns: 3000 },
  )
})

test('the decisions that are generated have every reason', () => {
  const sample = fc.sample(fc.tuple(someRequest, someEvidence), { numRuns: 3000, seed: 1 })
  const reasons = new Set(sample.map(([asked, known]) => receiptOf(asked, known).decision.reason))
  assert.deepEqual([...reasons].sort(), ['BREAK_GLASS', 'CONFORMS', 'COULD_NOT_DECIDE', 'DRY_RUN', 'NOTHING_TO_JUDGE', 'VIOLATES_POLICY'])
})

test('a decision that was recorded otherwise is named, member by member', () => {
  const known = evidence([verified()])
  const receipt = receiptOf(request([IMAGE]), known)
  const forged = { ...receipt, decision: { ...receipt.decision, outcome: 'DENIED' as const, policyEtag: 'x' } }
  assert.deepEqual(replayReceipt(forged, keep(known)), {
    outcome: 'DIFFERS',
    differences: [
      { path: 'outcome', recorded: 'DENIED', now: 'ALLOWED' },
      { path: 'policyEtag', recorded: 'x', now: '"etag-1"' },
    ],
  })
  const later = { ...receipt, now: Number.NaN }
  assert.equal(replayReceipt(later, keep(known)).outcome, 'AGREES')
  const expiring = receiptOf(request([IMAGE]), evidence([verified({ expiresAt: NOW + 1 })]))
  assert.equal(replayReceipt({ ...expiring, now: NOW + 1 }, keep(known)).outcome, 'DIFFERS')
})

test('advice is not compared, and an outage that the gate named is the evidence that the law missed', () => {
  const denied = receiptOf(request([IMAGE]), evidence([]))
  const [image] = denied.decision.images
  assert.ok(image?.fix !== undefined)
  const reworded = { ...denied.decision, images: [{ ...image, fix: { command: 'other', explanation: 'words' } }] }
  assert.equal(replayReceipt({ ...denied, decision: reworded }, keep(evidence([]))).outcome, 'AGREES')

  const missing = evidence([], { attestations: {} })
  const undecided = receiptOf(request([IMAGE]), missing)
  for (const [code, outcome] of [
    ['DEADLINE_EXCEEDED', 'AGREES'],
    ['STORE_UNAVAILABLE', 'AGREES'],
    ['UNKNOWN_CLUSTER', 'DIFFERS'],
  ] as const) {
    const told = { ...undecided, decision: { ...undecided.decision, undecided: { code } } }
    assert.equal(replayReceipt(told, keep(missing)).outcome, outcome)
  }
})

test('without the versions that the receipt names nothing is said', () => {
  const known = evidence([verified()])
  assert.deepEqual(replayReceipt(receiptOf(request([IMAGE]), known), { ...keep(known), attestors: {} }), { outcome: 'INPUTS_DIFFER' })
})
