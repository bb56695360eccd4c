import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OccurrenceName } from '../name/resource-name.ts'
import { decideAdmission } from './decide.ts'
import type { AllowReason, UndecidedReason } from './decision.ts'
import { explainAllow, explainDecision, explainImage, explainUndecided } from './explain.ts'
import { ATTESTOR, evidence, IMAGE, NOW, policy, request, rule, verified } from './testing/admission.ts'

test('explainImage() names the rule, the attestor and why the newest attestation does not count', () => {
  const occurrence = 'projects/p1/occurrences/bad' as OccurrenceName
  const rejected = { outcome: 'REJECTED', occurrence, receivedAt: NOW, cause: 'UNKNOWN_KEY' } as const
  const [verdict] = decideAdmission(request([IMAGE]), evidence([rejected])).images
  assert.equal(
    verdict && explainImage(verdict),
    `${IMAGE} is denied by the default admission rule: ${ATTESTOR} has no attestation of this digest that counts: its key is none of the attestor's keys`,
  )
})

test('explainImage() shows controls of a hostile text as escapes', () => {
  const [verdict] = decideAdmission(request(['a\u0007\nb']), evidence([], { policy: policy() })).images
  assert.equal(verdict && explainImage(verdict), 'a\\u0007\\u000ab is denied by the default admission rule: the rule denies every image')
})

test('explainDecision() has one line for each way a request can end', () => {
  const breakGlass = { via: 'LABEL', key: 'image-policy.k8s.io/break-glass', value: 'true' } as const
  const dry = policy({ defaultAdmissionRule: rule('ALWAYS_DENY', { enforcementMode: 'DRYRUN_AUDIT_LOG_ONLY' }) })
  const lines = [
    decideAdmission(request([IMAGE]), evidence([verified()])),
    decideAdmission(request([]), evidence([])),
    decideAdmission(request([IMAGE, 'b']), evidence([verified()])),
    decideAdmission(request([IMAGE]), evidence([], { policy: dry })),
    decideAdmission(request([IMAGE], { breakGlass }), evidence([verified()])),
    decideAdmission(request([IMAGE]), evidence([], { attestations: {} })),
  ].map(explainDecision)
  assert.deepEqual(lines, [
    'allowed: every image conforms to the policy',
    'allowed: no image is new',
    'denied: 1 of 2 images may not run',
    'allowed by dry run: 1 of 1 images do not conform',
    'allowed by break-glass: 0 of 1 images do not conform',
    `could not decide: the attestations of ${ATTESTOR} could not be looked up`,
  ])
})

test('every reason to allow and every reason not to decide has its own line', () => {
  const allow: readonly AllowReason[] = [
    { code: 'SYSTEM_POLICY', pattern: 'p' },
    { code: 'EXEMPT_PATTERN', pattern: 'p' },
    { code: 'EXEMPTION', id: 'e', expiresAt: NOW },
    { code: 'ALWAYS_ALLOW' },
    { code: 'ATTESTED', by: [] },
  ]
  const plain = ['NEEDS_SERVICE_ACCOUNT', 'NEEDS_IMAGE_VOLUMES', 'NEEDS_LABELS', 'UNKNOWN_PROJECT', 'UNKNOWN_CLUSTER', 'STALE'] as const
  const rest = ['STORE_UNAVAILABLE', 'SPOOL_UNAVAILABLE', 'DEADLINE_EXCEEDED'] as const
  const undecided: readonly UndecidedReason[] = [
    ...[...plain, ...rest].map((code) => ({ code })),
    { code: 'EVIDENCE_NOT_GATHERED', attestor: ATTESTOR },
  ]
  const lines = [...allow.map(explainAllow), ...undecided.map(explainUndecided)]
  assert.equal(new Set(lines).size, allow.length + undecided.length)
  for (const line of lines) assert.match(line, /^[^\n]{10,200}[^.]$/)
})
