import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Attestor } from '../attestation/attestor.ts'
import type { AttestorName } from '../name/resource-name.ts'
import type { Exemption } from '../policy/exemption.ts'
import { decideAdmission } from './decide.ts'
import type { AdmissionEvidence } from './evidence.ts'
import { evidenceOfReceipt, makeReceipt, requestOfReceipt } from './receipt.ts'
import type { DecisionReceipt, ReceiptInputs } from './receipt.ts'
import type { AdmissionRequest } from './request.ts'
import { ATTESTOR, attestor, DIGEST, evidence, IMAGE, NOW, policy, request, rule, SECOND_ATTESTOR, verified } from './testing/admission.ts'

const UNUSED: Exemption = { id: 'unused', subject: { pattern: 'elsewhere' }, owner: 'ana', reason: 'trial', expiresAt: NOW + 1 }
const USED: Exemption = { ...UNUSED, id: 'used', subject: { pattern: 'nginx' } }
const both = policy({ defaultAdmissionRule: rule('REQUIRE_ATTESTATION', { requireAttestationsBy: [ATTESTOR, SECOND_ATTESTOR] }) })
const rejected = { outcome: 'REJECTED', occurrence: verified().occurrence, receivedAt: 5, cause: 'BAD_SIGNATURE', detail: 'why' } as const

/** What a store keeps, and a receipt as it comes back from it. */
function keep(known: AdmissionEvidence): ReceiptInputs {
  const attestors: Record<AttestorName, Attestor> = {}
  for (const [name, state] of Object.entries(known.attestors)) if (state.state === 'PRESENT') attestors[name as AttestorName] = state.attestor
  return { policy: known.policy, ...(known.systemPolicy === undefined ? {} : { systemPolicy: known.systemPolicy }), attestors }
}

function store(asked: AdmissionRequest, known: AdmissionEvidence): DecisionReceipt {
  return JSON.parse(JSON.stringify(makeReceipt(asked, known, decideAdmission(asked, known), { evaluator: '0.1.0', policyDigest: 'sha256:1' })))
}

const CASES: readonly (readonly [string, AdmissionRequest, AdmissionEvidence])[] = [
  ['attested', request([IMAGE]), evidence([rejected, verified({ signedAt: 1, keyNotAfter: NOW, expiresAt: NOW + 1 })])],
  ['rejected', request([IMAGE]), evidence([rejected])],
  ['exempt', request(['nginx', IMAGE]), evidence([], { exemptions: [UNUSED, USED] })],
  ['by tag', request(['nginx:1']), evidence([])],
  [
    'one attestor absent',
    request([IMAGE]),
    evidence([verified()], { policy: both, attestors: { [ATTESTOR]: attestor(), [SECOND_ATTESTOR]: { state: 'ABSENT' } } }),
  ],
  [
    'evidence not gathered',
    request([IMAGE]),
    evidence([verified()], { policy: both, attestors: { [ATTESTOR]: attestor(), [SECOND_ATTESTOR]: attestor(SECOND_ATTESTOR) } }),
  ],
  ['system policy', request([IMAGE]), evidence([], { systemPolicy: policy() })],
  [
    'an ImageReview that must show more',
    request([IMAGE], { source: 'IMAGE_REVIEW' }),
    evidence([verified()], { imageReviewMustShow: ['IMAGE_VOLUMES'] }),
  ],
  ['hostile text', request(['\u001b[2J']), evidence([])],
]
for (const [name, asked, known] of CASES) {
  test(`a receipt that was stored is decided again with the same answer: ${name}`, () => {
    const receipt = store(asked, known)
    const again = evidenceOfReceipt(receipt, keep(known))
    assert.ok(again !== undefined)
    assert.deepEqual(requestOfReceipt(receipt), asked)
    assert.deepEqual(decideAdmission(requestOfReceipt(receipt), again), receipt.decision)
    assert.deepEqual(receipt.decision, decideAdmission(asked, known))
  })
}

test('makeReceipt() names attestors by uid, etag and keys, and keeps only the exemption that admitted', () => {
  const known = evidence([verified()], {
    exemptions: [UNUSED, USED],
    attestors: { [ATTESTOR]: attestor(), [SECOND_ATTESTOR]: attestor(SECOND_ATTESTOR) },
  })
  const { exemptions, attestors, attestations, now, version, evaluator, policy: named } = store(request(['nginx', IMAGE]), known)
  assert.deepEqual(
    { exemptions, attestors, attestations, now, version, evaluator, named },
    {
      exemptions: [USED],
      attestors: { [ATTESTOR]: { state: 'PRESENT', uid: `uid-of-${ATTESTOR}`, etag: '"a"', noteUid: 'note-uid', keyIds: ['key-1'] } },
      attestations: { [ATTESTOR]: { [DIGEST]: { position: 7, checked: [verified()] } } },
      now: NOW,
      version: 1,
      evaluator: '0.1.0',
      named: { etag: '"etag-1"', digest: 'sha256:1' },
    },
  )
})

test('makeReceipt() leaves out what can be parsed from the texts of the images again', () => {
  const { request: kept } = store(request([IMAGE]), evidence([verified()]))
  assert.deepEqual(kept.images, [{ text: IMAGE, containerType: 'CONTAINER', containerName: 'c0', fieldPath: 'spec.containers[0].image' }])
})

test('evidenceOfReceipt() refuses what is not what the receipt names', () => {
  const known = evidence([verified()])
  const receipt = store(request([IMAGE]), known)
  const kept = keep(known)
  const reborn = { ...kept.attestors[ATTESTOR], uid: 'another' } as Attestor
  const rekeyed = { ...kept.attestors[ATTESTOR], publicKeys: [] } as unknown as Attestor
  assert.equal(evidenceOfReceipt(receipt, { ...kept, attestors: {} }), undefined)
  assert.equal(evidenceOfReceipt(receipt, { ...kept, attestors: { [ATTESTOR]: reborn } }), undefined)
  assert.equal(evidenceOfReceipt(receipt, { ...kept, attestors: { [ATTESTOR]: rekeyed } }), undefined)
  assert.equal(evidenceOfReceipt(receipt, { ...kept, policy: { ...kept.policy, etag: 'other' } }), undefined)
  assert.equal(evidenceOfReceipt(receipt, { ...kept, systemPolicy: policy() }), undefined)
})
