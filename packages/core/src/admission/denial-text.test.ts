import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ClusterKey } from '../name/resource-name.ts'
import { decideAdmission } from './decide.ts'
import type { AdmissionDecision } from './decision.ts'
import { formatDenial, formatOverridden, listDenialCauses } from './denial-text.ts'
import { listAuditLabels } from './labels.ts'
import { ATTESTOR, attestor, DIGEST, evidence, IMAGE, OTHER_DIGEST, policy, request, rule, SECOND_ATTESTOR, verified } from './testing/admission.ts'

const TAG = 'gcr.io/p1/nginx:latest'
const OTHER = `gcr.io/p1/other@${OTHER_DIGEST}`
const NONE_VALID = 'No attestations found that were valid and signed by a key trusted by the attestor'
const NOT_JSON = 'Signature verified, but unexpected message was signed: * Line 1, Column 1\n  Syntax error: value, object or array expected.\n\n'
const require = rule('REQUIRE_ATTESTATION')
const both = rule('REQUIRE_ATTESTATION', { requireAttestationsBy: [ATTESTOR, SECOND_ATTESTOR] })
const deny = rule('ALWAYS_DENY')
const attestors = { [ATTESTOR]: attestor(), [SECOND_ATTESTOR]: attestor(SECOND_ATTESTOR) }
const nothing = { [DIGEST]: { position: 1, checked: [] }, [OTHER_DIGEST]: { position: 1, checked: [] } }
const attestations = { [ATTESTOR]: nothing, [SECOND_ATTESTOR]: nothing }

function decide(texts: readonly string[], rules: Parameters<typeof policy>[0], cluster = 'us-central1-a.prod'): AdmissionDecision {
  const { scope } = request([])
  return decideAdmission(
    request(texts, { scope: { ...scope, cluster: cluster as ClusterKey } }),
    evidence([], { policy: policy(rules), attestors, attestations }),
  )
}

const A_ROWS: readonly (readonly [string, AdmissionDecision, string])[] = [
  ['ALWAYS_DENY, default rule', decide([IMAGE], { defaultAdmissionRule: deny }), 'Denied by default admission rule. Overridden by evaluation mode'],
  [
    'ALWAYS_DENY, cluster rule',
    decide([IMAGE], { clusterAdmissionRules: { 'us-central1-a.test-cluster': deny } }, 'us-central1-a.test-cluster'),
    'Denied by cluster admission rule for us-central1-a.test-cluster. Overridden by evaluation mode',
  ],
  [
    'ALWAYS_DENY, two images',
    decide([IMAGE, TAG], { defaultAdmissionRule: deny }),
    'Denied by default admission rule. Overridden by evaluation mode. Denied by default admission rule. Overridden by evaluation mode',
  ],
  [
    'attestor, default rule',
    decide([IMAGE], { defaultAdmissionRule: require }),
    `Denied by default admission rule. Denied by Attestor. Image ${IMAGE} denied by ${ATTESTOR}: ${NONE_VALID}`,
  ],
  [
    'attestor, cluster rule',
    decide([IMAGE], { clusterAdmissionRules: { 'us-central1-a.prod': require } }),
    `Denied by cluster admission rule for us-central1-a.prod. Denied by Attestor. Image ${IMAGE} denied by ${ATTESTOR}: ${NONE_VALID}`,
  ],
  [
    'tag',
    decide([TAG], { defaultAdmissionRule: require }),
    `Denied by default admission rule. Denied by Attestor. Image ${TAG} denied by ${ATTESTOR}: Attestor cannot attest to an image deployed by tag`,
  ],
  [
    'several attestors for one image',
    decide([IMAGE], { defaultAdmissionRule: both }),
    `Denied by default admission rule. Denied by Attestor. Image ${IMAGE} denied by ${ATTESTOR}: ${NONE_VALID}. Image ${IMAGE} denied by ${SECOND_ATTESTOR}: ${NONE_VALID}`,
  ],
  [
    'several images; passing and exempt ones are not mentioned',
    decide([IMAGE, 'exempt', OTHER], { defaultAdmissionRule: require, admissionWhitelistPatterns: [{ namePattern: 'exempt' }] }),
    `Denied by default admission rule. Denied by Attestor. Image ${IMAGE} denied by ${ATTESTOR}: ${NONE_VALID}. ` +
      `Denied by default admission rule. Denied by Attestor. Image ${OTHER} denied by ${ATTESTOR}: ${NONE_VALID}`,
  ],
]
for (const [name, decision, expected] of A_ROWS) {
  test(`§6.4 generation A: ${name}`, () => assert.equal(formatDenial(decision, 'A'), expected))
}

const B_ROWS: readonly (readonly [string, AdmissionDecision, string])[] = [
  [
    'ALWAYS_DENY, default',
    decide([TAG], { defaultAdmissionRule: deny }),
    `Image ${TAG} denied by Binary Authorization default admission rule. Denied by always_deny admission rule`,
  ],
  [
    'ALWAYS_DENY, cluster',
    decide([TAG], { clusterAdmissionRules: { 'us-central1-a.my-cluster-1': deny } }, 'us-central1-a.my-cluster-1'),
    `Image ${TAG} denied by Binary Authorization cluster admission rule for us-central1-a.my-cluster-1. Denied by always_deny admission rule`,
  ],
  [
    'attestor',
    decide([IMAGE], { defaultAdmissionRule: require }),
    `Image ${IMAGE} denied by Binary Authorization default admission rule. Image ${IMAGE} denied by attestor ${ATTESTOR}: ${NONE_VALID}`,
  ],
  [
    'attestor, tag or bad digest',
    decide([TAG], { defaultAdmissionRule: require }),
    `Image ${TAG} denied by Binary Authorization default admission rule. Image ${TAG} denied by attestor ${ATTESTOR}: Expected digest with sha256 scheme, but got tag or malformed digest`,
  ],
  [
    'namespace rule (inferred)',
    decide([TAG], { kubernetesNamespaceAdmissionRules: { default: deny } }),
    `Image ${TAG} denied by Binary Authorization namespace admission rule for default. Denied by always_deny admission rule`,
  ],
  [
    'service account rule (inferred)',
    decide([TAG], { kubernetesServiceAccountAdmissionRules: { 'default:default': deny } }),
    `Image ${TAG} denied by Binary Authorization service account admission rule for default:default. Denied by always_deny admission rule`,
  ],
  [
    'service identity rule (inferred)',
    decide([TAG], { istioServiceIdentityAdmissionRules: { 'p1.svc.id.goog/ns/default/sa/default': deny } }),
    `Image ${TAG} denied by Binary Authorization service identity admission rule for p1.svc.id.goog/ns/default/sa/default. Denied by always_deny admission rule`,
  ],
]
for (const [name, decision, expected] of B_ROWS) {
  test(`§6.4 generation B: ${name}`, () => assert.equal(formatDenial(decision, 'B'), expected))
}

test('§6.4 attestor reasons: a signature over something that is no JSON', () => {
  const rejected = { outcome: 'REJECTED', occurrence: verified().occurrence, receivedAt: 1, cause: 'PAYLOAD_NOT_JSON' } as const
  const text = formatDenial(decideAdmission(request([IMAGE]), evidence([rejected])), 'B')
  assert.equal(
    text,
    `Image ${IMAGE} denied by Binary Authorization default admission rule. Image ${IMAGE} denied by attestor ${ATTESTOR}: ${NOT_JSON}`,
  )
})

test("§6.4 attestor reasons: a signed text that is no JSON is told in its check's own words, line by line and once", () => {
  const detail = 'Signature verified, but unexpected message was signed: * Line 2, Column 5\n  Syntax error: expected \u202e.\n\n'
  const rejected = { outcome: 'REJECTED', occurrence: verified().occurrence, receivedAt: 1, cause: 'PAYLOAD_NOT_JSON', detail } as const
  const text = formatDenial(decideAdmission(request([IMAGE]), evidence([rejected])), 'B')
  assert.equal(text.split(`${ATTESTOR}: `)[1], detail.replace('\u202e', '\\u202e'))
})

test('§6.4 details.causes of generation B, with our codes and the field beside the original reason', () => {
  assert.deepEqual(listDenialCauses(decide([TAG], { defaultAdmissionRule: deny })), [
    { reason: `'${TAG}' : Denied by an ALWAYS_DENY admission rule\n`, message: 'ALWAYS_DENY', field: 'spec.containers[0].image' },
  ])
  assert.deepEqual(listDenialCauses(decide([IMAGE], { defaultAdmissionRule: require })), [
    {
      reason: `'${IMAGE}' : Image ${IMAGE} denied by attestor ${ATTESTOR}: ${NONE_VALID}\n`,
      message: 'NOT_ATTESTED NO_ATTESTATION',
      field: 'spec.containers[0].image',
    },
  ])
})

test('§6.7 overridden-verification-result, A and B', () => {
  const decision = decide([IMAGE], { defaultAdmissionRule: require })
  assert.equal(formatOverridden(decision, 'A'), `'${IMAGE}': Image ${IMAGE} denied by ${ATTESTOR}: ${NONE_VALID}`)
  assert.equal(formatOverridden(decision, 'B'), `'${IMAGE}' : Image ${IMAGE} denied by attestor ${ATTESTOR}: ${NONE_VALID}\n`)
})

test('§6.5, §6.6: audit labels say break-glass even for compliant images, and dry run only where it let something in', () => {
  const breakGlass = { via: 'LABEL', key: 'image-policy.k8s.io/break-glass', value: 'true' } as const
  const compliant = decideAdmission(request([IMAGE], { breakGlass }), evidence([verified()]))
  const overridden = decideAdmission(request([TAG], { breakGlass }), evidence([], { policy: policy({ defaultAdmissionRule: deny }) }))
  const dryRun = decide([TAG], { defaultAdmissionRule: rule('ALWAYS_DENY', { enforcementMode: 'DRYRUN_AUDIT_LOG_ONLY' }) })
  const result = `'${TAG}' : Denied by an ALWAYS_DENY admission rule\n`
  assert.deepEqual(listAuditLabels(compliant, 'B'), { 'break-glass': 'true' })
  assert.deepEqual(listAuditLabels(overridden, 'B'), { 'break-glass': 'true', 'overridden-verification-result': result })
  assert.deepEqual(listAuditLabels(dryRun, 'B'), { 'dry-run': 'true', 'overridden-verification-result': result })
  assert.deepEqual(listAuditLabels(decide([IMAGE], { defaultAdmissionRule: deny }), 'B'), {})
})

test('a hostile image text never leaves raw or whole', () => {
  const text = formatDenial(decide([`evil\u001b[31m\u202e\u2028${'x'.repeat(5_000)}`], { defaultAdmissionRule: deny }), 'B')
  assert.match(text, /^Image evil\\u001b\[31m\\u202e\\u2028x+… denied by /)
  assert.ok(text.length < 800)
})

test('a denial of 2,000 images stays readable and says how many it leaves out', () => {
  const text = formatDenial(
    decide(
      Array.from({ length: 2_000 }, (_, index) => `r.example/image-${index}:1`),
      { defaultAdmissionRule: deny },
    ),
    'B',
  )
  assert.ok(text.length < 16_100)
  assert.match(text, /\. \d+ more images$/)
})
