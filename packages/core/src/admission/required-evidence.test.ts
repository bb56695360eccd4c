import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decideAdmission } from './decide.ts'
import type { AdmissionEvidence } from './evidence.ts'
import { requiredEvidence } from './required-evidence.ts'
import { ATTESTOR, attestor, DIGEST, evidence, IMAGE, OTHER_DIGEST, policy, request, rule, SECOND_ATTESTOR } from './testing/admission.ts'

const TAGGED = 'registry.example.com/team/app:1.0'
const BOTH = policy({ defaultAdmissionRule: rule('REQUIRE_ATTESTATION', { requireAttestationsBy: [ATTESTOR, SECOND_ATTESTOR] }) })
const TWO = { [ATTESTOR]: attestor(), [SECOND_ATTESTOR]: attestor(SECOND_ATTESTOR) }

test('requiredEvidence() asks for each pair once, and only for what will reach a REQUIRE_ATTESTATION rule', () => {
  const world = evidence([], {
    policy: policy({ ...BOTH.policy, admissionWhitelistPatterns: [{ namePattern: TAGGED }, { namePattern: `a.example/b@${OTHER_DIGEST}` }] }),
    attestors: TWO,
  })
  const asked = requiredEvidence(request([IMAGE, `mirror.example/app@${DIGEST}`, TAGGED, `a.example/b@${OTHER_DIGEST}`]), world)
  assert.deepEqual(asked, [
    { attestor: ATTESTOR, digest: DIGEST },
    { attestor: SECOND_ATTESTOR, digest: DIGEST },
  ])
  assert.deepEqual(requiredEvidence(request([IMAGE]), { ...world, attestors: { [ATTESTOR]: { state: 'ABSENT' } } }), [])
  assert.deepEqual(requiredEvidence(request([IMAGE]), { ...world, policy: policy() }), [])
  assert.deepEqual(requiredEvidence(request([IMAGE], { operation: 'DELETE' }), world), [])
})

test('property: evidence for exactly the required pairs is always enough to decide', () => {
  const texts = fc.array(fc.constantFrom(IMAGE, TAGGED, 'nginx', 'BAD TEXT', `x.example/y@${OTHER_DIGEST}`), { minLength: 1, maxLength: 5 })
  const states = fc.constantFrom<AdmissionEvidence['attestors'][typeof ATTESTOR]>(
    { state: 'ABSENT' },
    { state: 'NOT_GRANTED' },
    attestor(),
    attestor(ATTESTOR, []),
  )
  fc.assert(
    fc.property(texts, states, states, (images, first, second) => {
      const world = evidence([], { policy: BOTH, attestors: { [ATTESTOR]: first, [SECOND_ATTESTOR]: second } })
      const attestations: Record<string, Record<string, unknown>> = {}
      for (const { attestor: name, digest } of requiredEvidence(request(images), world))
        (attestations[name] ??= {})[digest] = { position: 1, checked: [] }
      const decision = decideAdmission(request(images), { ...world, attestations: attestations as AdmissionEvidence['attestations'] })
      assert.equal(decision.outcome, 'DENIED')
    }),
  )
})
