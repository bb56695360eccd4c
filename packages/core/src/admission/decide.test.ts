import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { CheckedAttestation } from '../attestation/attestation.ts'
import type { OccurrenceName } from '../name/resource-name.ts'
import type { Exemption } from '../policy/exemption.ts'
import { decideAdmission } from './decide.ts'
import type { AdmissionDecision, AttestorVerdict } from './decision.ts'
import type { AdmissionEvidence } from './evidence.ts'
import type { AdmissionRequest } from './request.ts'
import {
  ATTESTOR,
  attestor,
  DIGEST,
  evidence,
  IMAGE,
  image,
  NOW,
  OTHER_DIGEST,
  policy,
  request,
  rule,
  SECOND_ATTESTOR,
  verified,
} from './testing/admission.ts'

const TAGGED = 'registry.example.com/team/app:1.0'
const BREAK_GLASS = { via: 'LABEL', key: 'image-policy.k8s.io/break-glass', value: 'true' } as const
const DRY_RUN = { enforcementMode: 'DRYRUN_AUDIT_LOG_ONLY' } as const

function withPolicy(overrides: Parameters<typeof policy>[0], rest: Partial<AdmissionEvidence> = {}): AdmissionEvidence {
  return evidence([], { policy: policy(overrides), ...rest })
}

function codes(decision: AdmissionDecision): readonly string[] {
  return [decision.outcome, decision.reason, ...decision.images.map(({ result }) => `${result.outcome} ${result.reason.code}`)]
}

function firstVerdict(decision: AdmissionDecision): AttestorVerdict | undefined {
  const reason = decision.images[0]?.result.reason
  return reason !== undefined && 'by' in reason ? reason.by[0] : undefined
}

test('decideAdmission() admits an attested image and names attestation, key, rule and policy', () => {
  assert.deepEqual(decideAdmission(request([IMAGE]), evidence([verified()])), {
    outcome: 'ALLOWED',
    reason: 'CONFORMS',
    images: [
      {
        image: IMAGE,
        containers: [{ type: 'CONTAINER', name: 'c0', fieldPath: 'spec.containers[0].image' }],
        result: {
          outcome: 'ALLOWED',
          reason: {
            code: 'ATTESTED',
            by: [{ attestor: ATTESTOR, satisfied: true, occurrence: 'projects/p1/occurrences/good', publicKeyId: 'key-1', rejected: [] }],
          },
        },
        rule: { kind: 'DEFAULT' },
        enforcementMode: 'ENFORCED_BLOCK_AND_AUDIT_LOG',
      },
    ],
    policyEtag: '"etag-1"',
  })
})

test('decideAdmission() denies by ALWAYS_DENY with the governing cluster rule and a fix', () => {
  const decision = decideAdmission(request([IMAGE]), withPolicy({ clusterAdmissionRules: { 'us-central1-a.prod': rule('ALWAYS_DENY') } }))
  assert.deepEqual(decision.images[0]?.rule, { kind: 'CLUSTER', key: 'us-central1-a.prod' })
  assert.deepEqual(codes(decision), ['DENIED', 'VIOLATES_POLICY', 'DENIED ALWAYS_DENY'])
  assert.match(decision.images[0]?.fix?.command ?? '', /^countersign exemptions create /)
})

const NOTHING: readonly (readonly [string, Partial<AdmissionRequest>])[] = [
  ['§6.2: a DELETE', { operation: 'DELETE' }],
  ['§6.2: a CONNECT', { operation: 'CONNECT' }],
  ['§6.2: an UPDATE that leaves its images as they were', { operation: 'UPDATE', unchangedImages: [IMAGE] }],
  ['no image', { images: [] }],
]
for (const [name, overrides] of NOTHING) {
  test(`decideAdmission() has nothing to judge: ${name}`, () => {
    const decision = decideAdmission(request([IMAGE], overrides), withPolicy({}))
    assert.deepEqual(decision, { outcome: 'ALLOWED', reason: 'NOTHING_TO_JUDGE', images: [], policyEtag: '"etag-1"' })
  })
}

test('decideAdmission() judges only the new image of an UPDATE', () => {
  const decision = decideAdmission(request([IMAGE, TAGGED], { operation: 'UPDATE', unchangedImages: [IMAGE] }), withPolicy({}))
  assert.deepEqual(
    decision.images.map((verdict) => verdict.image),
    [TAGGED],
  )
})

test('decideAdmission() judges a text once, wherever it stands', () => {
  const images = [image(IMAGE), image(IMAGE, 'INIT_CONTAINER', 1), image(TAGGED, 'IMAGE_VOLUME', 2)]
  const decision = decideAdmission(request([], { images }), withPolicy({}))
  assert.deepEqual(
    decision.images.map((verdict) => [verdict.image, verdict.containers.map((place) => place.type)]),
    [
      [IMAGE, ['CONTAINER', 'INIT_CONTAINER']],
      [TAGGED, ['IMAGE_VOLUME']],
    ],
  )
})

const SYSTEM = policy({ admissionWhitelistPatterns: [{ namePattern: IMAGE }] })
const SYSTEM_ROWS: readonly (readonly [string, 'ENABLE' | 'DISABLE' | 'GLOBAL_POLICY_EVALUATION_MODE_UNSPECIFIED', string, string])[] = [
  ['§1.4 step 2: enabled, kube-system', 'ENABLE', 'kube-system', 'ALLOWED SYSTEM_POLICY'],
  ['§1.4 step 2: enabled, another namespace', 'ENABLE', 'default', 'DENIED ALWAYS_DENY'],
  ['§1.4 step 2: disabled', 'DISABLE', 'kube-system', 'DENIED ALWAYS_DENY'],
  ['§1.1 row 7: unspecified is DISABLE', 'GLOBAL_POLICY_EVALUATION_MODE_UNSPECIFIED', 'kube-system', 'DENIED ALWAYS_DENY'],
]
for (const [name, globalPolicyEvaluationMode, namespace, expected] of SYSTEM_ROWS) {
  test(`decideAdmission() asks the system policy: ${name}`, () => {
    const { scope } = request([])
    const decision = decideAdmission(
      request([IMAGE], { scope: { ...scope, namespace } }),
      withPolicy({ globalPolicyEvaluationMode }, { systemPolicy: SYSTEM }),
    )
    assert.equal(codes(decision)[2], expected)
  })
}

const EXEMPTION: Exemption = { id: 'e1', subject: { digest: DIGEST }, namespace: 'default', owner: 'ana', reason: 'trial', expiresAt: NOW + 1 }
test('§1.4 step 3: decideAdmission() admits by pattern before it asks exemptions or rules', () => {
  const decision = decideAdmission(
    request([IMAGE]),
    withPolicy({ admissionWhitelistPatterns: [{ namePattern: IMAGE }] }, { exemptions: [EXEMPTION] }),
  )
  assert.deepEqual(decision.images[0]?.result, { outcome: 'ALLOWED', reason: { code: 'EXEMPT_PATTERN', pattern: IMAGE } })
  assert.equal(decision.images[0]?.rule, undefined)
})

test('decideAdmission() admits by exemption until its moment of expiry', () => {
  const at = (now: number) => codes(decideAdmission(request([IMAGE]), withPolicy({}, { exemptions: [EXEMPTION], now })))[2]
  assert.deepEqual([at(NOW), at(NOW + 1)], ['ALLOWED EXEMPTION', 'DENIED ALWAYS_DENY'])
})

test('§1.4: decideAdmission() denies a Pod that mixes exempt and denied images as a whole', () => {
  const decision = decideAdmission(request([IMAGE, TAGGED]), withPolicy({ admissionWhitelistPatterns: [{ namePattern: IMAGE }] }))
  assert.deepEqual(codes(decision), ['DENIED', 'VIOLATES_POLICY', 'ALLOWED EXEMPT_PATTERN', 'DENIED ALWAYS_DENY'])
})

test('§6.2: decideAdmission() lets tags in under ALWAYS_ALLOW, and texts that are no reference', () => {
  const decision = decideAdmission(request([TAGGED, 'UPPER CASE']), withPolicy({ defaultAdmissionRule: rule('ALWAYS_ALLOW') }))
  assert.deepEqual(codes(decision), ['ALLOWED', 'CONFORMS', 'ALLOWED ALWAYS_ALLOW', 'ALLOWED ALWAYS_ALLOW'])
})

const DIGEST_ROWS: readonly (readonly [string, string, string, string])[] = [
  ['§3.6: a tag', TAGGED, 'DENIED NOT_A_DIGEST', 'IMAGE_BY_TAG'],
  ['§3.6: neither tag nor digest', 'nginx', 'DENIED NOT_A_DIGEST', 'IMAGE_BY_TAG'],
  ['§6.4: another digest scheme', `nginx@sha512:${'a'.repeat(128)}`, 'DENIED NOT_A_DIGEST', 'DIGEST_MALFORMED'],
  ['§6.4: no image reference', 'nginx@sha256:123', 'DENIED INVALID_IMAGE', 'DIGEST_MALFORMED'],
]
for (const [name, text, expected, cause] of DIGEST_ROWS) {
  test(`decideAdmission() denies under REQUIRE_ATTESTATION ${name}`, () => {
    const decision = decideAdmission(request([text]), evidence([verified()]))
    assert.deepEqual([codes(decision)[2], firstVerdict(decision)?.cause], [expected, cause])
  })
}

const STATES: readonly (readonly [string, Partial<AdmissionEvidence>, string])[] = [
  ['ATTESTOR_ABSENT', { attestors: { [ATTESTOR]: { state: 'ABSENT' } }, attestations: {} }, 'DENIED NOT_ATTESTED'],
  ['ATTESTOR_NOT_GRANTED', { attestors: { [ATTESTOR]: { state: 'NOT_GRANTED' } }, attestations: {} }, 'DENIED NOT_ATTESTED'],
  ['ATTESTOR_HAS_NO_KEY', { attestors: { [ATTESTOR]: attestor(ATTESTOR, []) } }, 'DENIED NOT_ATTESTED'],
  ['NO_ATTESTATION', {}, 'DENIED NOT_ATTESTED'],
]
for (const [cause, overrides, expected] of STATES) {
  test(`decideAdmission() denies an image whose attestor stands at ${cause}`, () => {
    const decision = decideAdmission(request([IMAGE]), evidence([], overrides))
    assert.equal(codes(decision)[2], expected)
    assert.deepEqual(firstVerdict(decision), { attestor: ATTESTOR, satisfied: false, cause, rejected: [] })
  })
}

test('decideAdmission() denies where a rule requires attestations by nobody, which no valid policy does', () => {
  const decision = decideAdmission(
    request([IMAGE]),
    evidence([verified()], { policy: policy({ defaultAdmissionRule: rule('REQUIRE_ATTESTATION', { requireAttestationsBy: [] }) }) }),
  )
  assert.deepEqual(codes(decision), ['DENIED', 'VIOLATES_POLICY', 'DENIED NOT_ATTESTED'])
})

test('decideAdmission() compares the signed digest with the image, wherever the attestation was filed', () => {
  const decision = decideAdmission(request([IMAGE]), evidence([verified({ digest: OTHER_DIGEST })]))
  assert.deepEqual(firstVerdict(decision)?.rejected, [{ occurrence: 'projects/p1/occurrences/good', cause: 'OTHER_DIGEST' }])
})

test('decideAdmission() lists what proved nothing, newest first and at most 20', () => {
  const rejected = Array.from(
    { length: 25 },
    (_, index): CheckedAttestation => ({
      outcome: 'REJECTED',
      occurrence: `projects/p1/occurrences/${index}` as OccurrenceName,
      receivedAt: NOW - 1_000 + index,
      cause: 'BAD_SIGNATURE',
    }),
  )
  const listed = firstVerdict(decideAdmission(request([IMAGE]), evidence(rejected)))?.rejected ?? []
  assert.deepEqual([listed.length, listed[0]?.occurrence, listed.at(-1)?.occurrence], [20, 'projects/p1/occurrences/24', 'projects/p1/occurrences/5'])
})

const BOTH = policy({ defaultAdmissionRule: rule('REQUIRE_ATTESTATION', { requireAttestationsBy: [ATTESTOR, SECOND_ATTESTOR] }) })
const pair = (checked: readonly CheckedAttestation[]) => ({ [DIGEST]: { position: 1, checked } })
const TWO = { [ATTESTOR]: attestor(), [SECOND_ATTESTOR]: attestor(SECOND_ATTESTOR) }
const AND_ROWS: readonly (readonly [string, AdmissionEvidence['attestations'], string])[] = [
  ['§3.6: both satisfied', { [ATTESTOR]: pair([verified()]), [SECOND_ATTESTOR]: pair([verified()]) }, 'ALLOWED ATTESTED'],
  ['§3.6: one satisfied', { [ATTESTOR]: pair([verified()]), [SECOND_ATTESTOR]: pair([]) }, 'DENIED NOT_ATTESTED'],
  ['one satisfied, the other not gathered', { [ATTESTOR]: pair([verified()]) }, 'UNDECIDED EVIDENCE_NOT_GATHERED'],
  ['one unsatisfied, the other not gathered', { [ATTESTOR]: pair([]) }, 'DENIED NOT_ATTESTED'],
  ['neither gathered', {}, 'UNDECIDED EVIDENCE_NOT_GATHERED'],
]
for (const [name, attestations, expected] of AND_ROWS) {
  test(`decideAdmission() requires every attestor: ${name}`, () => {
    assert.equal(codes(decideAdmission(request([IMAGE]), evidence([], { policy: BOTH, attestors: TWO, attestations })))[2], expected)
  })
}

test('decideAdmission() is undecided, not denied, where evidence was not gathered', () => {
  const decision = decideAdmission(request([IMAGE]), evidence([], { attestations: {} }))
  assert.deepEqual(
    [decision.outcome, decision.reason, decision.undecided],
    ['UNDECIDED', 'COULD_NOT_DECIDE', { code: 'EVIDENCE_NOT_GATHERED', attestor: ATTESTOR }],
  )
  assert.deepEqual(codes(decideAdmission(request([IMAGE]), evidence([], { attestors: {} }))).slice(0, 2), ['UNDECIDED', 'COULD_NOT_DECIDE'])
})

test('decideAdmission() denies the request for one denied image, even beside one that it could not judge', () => {
  const other = `registry.example.com/team/app@${OTHER_DIGEST}`
  assert.deepEqual(codes(decideAdmission(request([other, IMAGE]), evidence([]))), [
    'DENIED',
    'VIOLATES_POLICY',
    'UNDECIDED EVIDENCE_NOT_GATHERED',
    'DENIED NOT_ATTESTED',
  ])
})

test('§6.6: decideAdmission() admits under a dry-run rule what it denies or could not judge, and says so', () => {
  const requireDry = policy({ defaultAdmissionRule: rule('REQUIRE_ATTESTATION', DRY_RUN) })
  assert.deepEqual(codes(decideAdmission(request([IMAGE]), withPolicy({ defaultAdmissionRule: rule('ALWAYS_DENY', DRY_RUN) }))), [
    'ALLOWED',
    'DRY_RUN',
    'DENIED ALWAYS_DENY',
  ])
  assert.deepEqual(codes(decideAdmission(request([IMAGE]), evidence([], { policy: requireDry, attestations: {} }))), [
    'ALLOWED',
    'DRY_RUN',
    'UNDECIDED EVIDENCE_NOT_GATHERED',
  ])
  assert.deepEqual(codes(decideAdmission(request([IMAGE]), evidence([verified()], { policy: requireDry }))), [
    'ALLOWED',
    'CONFORMS',
    'ALLOWED ATTESTED',
  ])
})

test('§6.5: decideAdmission() lets break-glass in whatever the verdicts are, and keeps them', () => {
  const marked = request([IMAGE], { breakGlass: BREAK_GLASS })
  assert.deepEqual(codes(decideAdmission(marked, withPolicy({}))), ['ALLOWED', 'BREAK_GLASS', 'DENIED ALWAYS_DENY'])
  assert.deepEqual(codes(decideAdmission(marked, evidence([], { attestations: {} }))), ['ALLOWED', 'BREAK_GLASS', 'UNDECIDED EVIDENCE_NOT_GATHERED'])
  assert.deepEqual(codes(decideAdmission(marked, evidence([verified()]))), ['ALLOWED', 'BREAK_GLASS', 'ALLOWED ATTESTED'])
  assert.deepEqual(codes(decideAdmission({ ...marked, operation: 'DELETE' }, withPolicy({}))), ['ALLOWED', 'NOTHING_TO_JUDGE'])
})

const { cluster, trustDomain, namespace } = request([]).scope
const REVIEW: Partial<AdmissionRequest> = { source: 'IMAGE_REVIEW', scope: { cluster, trustDomain, namespace } }
const ACCOUNT_RULES = { kubernetesServiceAccountAdmissionRules: { 'default:default': rule('ALWAYS_ALLOW') } }

test('§5: an ImageReview is undecided where rules need a service account, unless a pattern lets every image in', () => {
  const decision = decideAdmission(request([IMAGE], REVIEW), withPolicy(ACCOUNT_RULES))
  assert.deepEqual([decision.outcome, decision.undecided], ['UNDECIDED', { code: 'NEEDS_SERVICE_ACCOUNT' }])
  const exempt = withPolicy({ ...ACCOUNT_RULES, admissionWhitelistPatterns: [{ namePattern: IMAGE }] })
  assert.deepEqual(codes(decideAdmission(request([IMAGE], REVIEW), exempt)), ['ALLOWED', 'CONFORMS', 'ALLOWED EXEMPT_PATTERN'])
  assert.deepEqual(codes(decideAdmission(request([IMAGE]), withPolicy(ACCOUNT_RULES))), ['ALLOWED', 'CONFORMS', 'ALLOWED ALWAYS_ALLOW'])
})

for (const kind of ['clusterAdmissionRules', 'kubernetesNamespaceAdmissionRules', 'defaultAdmissionRule'] as const) {
  test(`§5: an ImageReview is denied and admitted by its images under ${kind}`, () => {
    const under = (one: ReturnType<typeof rule>) =>
      kind === 'defaultAdmissionRule' ? { [kind]: one } : { [kind]: { [kind === 'clusterAdmissionRules' ? cluster : namespace]: one } }
    assert.equal(decideAdmission(request([IMAGE], REVIEW), withPolicy(under(rule('ALWAYS_DENY')))).outcome, 'DENIED')
    assert.equal(
      decideAdmission(request([IMAGE], REVIEW), evidence([verified()], { policy: policy(under(rule('REQUIRE_ATTESTATION'))) })).outcome,
      'ALLOWED',
    )
  })
}

test('§5: where the owner says that labels or image volumes must be seen, an ImageReview concludes only what they cannot overturn', () => {
  const denied = (mustShow: AdmissionEvidence['imageReviewMustShow']) =>
    decideAdmission(request([IMAGE], REVIEW), withPolicy({}, mustShow && { imageReviewMustShow: mustShow }))
  const admitted = (mustShow: AdmissionEvidence['imageReviewMustShow']) =>
    decideAdmission(request([IMAGE], REVIEW), evidence([verified()], mustShow && { imageReviewMustShow: mustShow }))
  assert.deepEqual([denied(['LABELS']).undecided, denied(['IMAGE_VOLUMES']).outcome], [{ code: 'NEEDS_LABELS' }, 'DENIED'])
  assert.deepEqual([admitted(['IMAGE_VOLUMES']).undecided, admitted(['LABELS']).outcome], [{ code: 'NEEDS_IMAGE_VOLUMES' }, 'ALLOWED'])
  assert.equal(decideAdmission(request([IMAGE]), withPolicy({}, { imageReviewMustShow: ['LABELS'] })).outcome, 'DENIED')
})

test('property: nothing but a valid attestation by every attestor admits under an enforced REQUIRE_ATTESTATION rule', () => {
  const checked = fc.oneof(
    fc
      .record({ at: fc.integer({ min: NOW - 1_000, max: NOW }), digest: fc.constantFrom(DIGEST, OTHER_DIGEST) })
      .map((one) => verified({ digest: one.digest }, { receivedAt: one.at })),
    fc.constantFrom(verified({ expiresAt: NOW }), verified({ revocation: { kind: 'HARD', at: NOW } })),
  )
  const gathered = fc.option(fc.array(checked, { maxLength: 3 }), { nil: undefined })
  fc.assert(
    fc.property(gathered, gathered, (first, second) => {
      const attestations = { ...(first && { [ATTESTOR]: pair(first) }), ...(second && { [SECOND_ATTESTOR]: pair(second) }) }
      const decision = decideAdmission(request([IMAGE]), evidence([], { policy: BOTH, attestors: TWO, attestations }))
      const good = (all: readonly CheckedAttestation[] | undefined) =>
        all?.some(
          (one) => one.outcome === 'VERIFIED' && one.fact.digest === DIGEST && one.fact.expiresAt === undefined && one.fact.revocation === undefined,
        )
      const expected = [good(first), good(second)]
      assert.equal(decision.outcome, expected.includes(false) ? 'DENIED' : expected.includes(undefined) ? 'UNDECIDED' : 'ALLOWED')
    }),
  )
})
