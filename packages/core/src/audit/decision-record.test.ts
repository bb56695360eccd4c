import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decideAdmission } from '../admission/decide.ts'
import { makeReceipt } from '../admission/receipt.ts'
import { evidence, IMAGE, policy, request, rule, verified } from '../admission/testing/admission.ts'
import type { AdmissionEvidence } from '../admission/evidence.ts'
import type { AdmissionRequest } from '../admission/request.ts'
import { formatDecisionEntry } from './decision-entry.ts'
import { formatRecordedEntry, isDecisionRecord } from './decision-record.ts'
import type { DecisionRecord } from './decision-record.ts'

const STAMP = { insertId: 'i', timestamp: '2026-01-31T12:00:00.000000Z', receiptDigest: 'sha256:1', verifiedBy: 'CLIENT_CERTIFICATE' } as const
const breakGlass = { via: 'LABEL', key: 'image-policy.k8s.io/break-glass', value: 'true' } as const

const CASES: readonly (readonly [string, AdmissionRequest, AdmissionEvidence, Partial<DecisionRecord>])[] = [
  ['an admission', request([IMAGE]), evidence([verified()]), {}],
  ['a denial', request(['nginx'], { source: 'IMAGE_REVIEW' }), evidence([]), {}],
  ['denials that were counted', request(['nginx']), evidence([]), { repeated: { count: 9, first: 'f', last: 'l' } }],
  ['no decision', request([IMAGE]), evidence([], { attestations: {} }), { certificateSubject: 'apiserver\u001b' }],
  [
    'broken glass',
    request(['nginx'], { breakGlass }),
    evidence([], { policy: policy({ defaultAdmissionRule: rule('ALWAYS_DENY') }) }),
    { webhookName: 'w.x' },
  ],
]
for (const [name, asked, known, more] of CASES) {
  test(`a record that was stored gives the entry of its decision: ${name}`, () => {
    const decision = decideAdmission(asked, known)
    const record: unknown = JSON.parse(JSON.stringify({ ...STAMP, ...more, receipt: makeReceipt(asked, known, decision, { evaluator: '0.1.0' }) }))
    assert.ok(isDecisionRecord(record as Readonly<Record<string, unknown>>))
    assert.deepEqual(formatRecordedEntry(record as DecisionRecord), formatDecisionEntry({ ...STAMP, ...more, request: asked, decision }))
  })
}

test('an entry shows certificate and webhook name as the record has them, and no raw control characters', () => {
  const decision = decideAdmission(request(['nginx'], { breakGlass }), evidence([]))
  const receipt = makeReceipt(request(['nginx'], { breakGlass }), evidence([]), decision, { evaluator: '0.1.0' })
  const entry = formatRecordedEntry({ ...STAMP, receipt, certificateSubject: 'api\u001b', webhookName: 'w.x' })
  assert.equal(entry.labels?.['w.x/break-glass'], 'true')
  assert.doesNotMatch((entry.protoPayload.metadata as { certificateSubject: string }).certificateSubject, /\u001b/)
})

test('an entry that stands for several denials says how many and when', () => {
  const decision = decideAdmission(request(['nginx']), evidence([]))
  const receipt = makeReceipt(request(['nginx']), evidence([]), decision, { evaluator: '0.1.0' })
  const repeated = { count: 9, first: '2026-01-31T12:00:00.000000Z', last: '2026-01-31T12:00:59.000000Z' }
  const { metadata } = formatRecordedEntry({ ...STAMP, receipt, repeated }).protoPayload
  assert.deepEqual((metadata as { repeated: unknown }).repeated, repeated)
})

test('isDecisionRecord() refuses a receipt of a version that it does not know, and what is no decision', () => {
  const receipt = { version: 1, request: {}, decision: {} }
  assert.equal(isDecisionRecord({ ...STAMP, receipt }), true)
  assert.equal(isDecisionRecord({ ...STAMP, receipt: { ...receipt, version: 2 } }), false)
  assert.equal(isDecisionRecord({ ...STAMP, insertId: 1, receipt }), false)
  assert.equal(isDecisionRecord({ methodName: 'm', principal: 'p', permissions: [] }), false)
})
