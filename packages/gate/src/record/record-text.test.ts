import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { AdmissionDecision, DenyReason, ImageOutcome, UndecidedReason } from '@countersign/core/admission/decision.ts'
import { decideAdmission } from '@countersign/core/admission/decide.ts'
import type { AdmissionEvidence } from '@countersign/core/admission/evidence.ts'
import { makeReceipt } from '@countersign/core/admission/receipt.ts'
import type { AdmissionRequest, ContainerType } from '@countersign/core/admission/request.ts'
import * as law from '@countersign/core/admission/testing/admission.ts'
import type { DecisionRecord } from '@countersign/core/audit/decision-record.ts'
import type { Exemption } from '@countersign/core/policy/exemption.ts'
import { formatCanonicalJson } from '@countersign/evidence/record/canonical-json.ts'
import fc, { type Arbitrary } from 'fast-check'
import { formatReceipt, formatRecord } from './record-text.ts'

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom('', '10', '__proto__', 'toJSON', 'é', '\u{1f600}', '\ue000', '\ud800', '\u2028', '<&>', '\u0000', '"\\'),
)
const instant = fc.integer({ min: -1e15, max: 1e15 })
/** What no grammar of ours lets through as a name, and what `makeReceipt`'s objects cannot hold, is left out. */
const attestor = fc.oneof(fc.constantFrom(law.ATTESTOR, law.SECOND_ATTESTOR), text).filter((name) => name !== '__proto__')
const digest = fc.oneof(fc.constantFrom(law.DIGEST, law.OTHER_DIGEST, '10', '9'), text)
const some = { requiredKeys: [] as [] }

/** Builds what the law's types say out of any texts: brands do not matter to a writer. */
const as = <T>(arbitrary: Arbitrary<unknown>) => arbitrary as Arbitrary<T>
/** A record whose optional members are there or not, in any order of members. */
const record = (required: Record<string, Arbitrary<unknown>>, optional: Record<string, Arbitrary<unknown>> = {}) =>
  fc
    .tuple(fc.record(required), fc.record(optional, some), fc.boolean())
    .map(([one, other, turned]) => (turned ? { ...other, ...one } : { ...one, ...other }))

const containerType = fc.constantFrom<ContainerType>('CONTAINER', 'INIT_CONTAINER', 'EPHEMERAL_CONTAINER', 'IMAGE_VOLUME')
const request = as<AdmissionRequest>(
  record(
    {
      uid: text,
      source: fc.constantFrom('ADMISSION_REVIEW', 'IMAGE_REVIEW', 'EVALUATION'),
      project: text,
      scope: record({ cluster: text, trustDomain: text, namespace: text }, { serviceAccount: text }),
      operation: fc.constantFrom('CREATE', 'UPDATE'),
      workload: record({ apiVersion: text, kind: text, name: text }, { generateName: text, resource: text, subresource: text }),
      images: fc.array(record({ text, containerType, fieldPath: text }, { containerName: text, reference: fc.constant({ text: 'x' }) }), {
        maxLength: 4,
      }),
      unchangedImages: fc.array(text, { maxLength: 2 }),
      serverDryRun: fc.boolean(),
    },
    {
      breakGlass: record({ via: fc.constantFrom('LABEL', 'ANNOTATION'), key: text, value: text }),
      user: record({ username: text }, { groups: fc.array(text, { maxLength: 2 }) }),
    },
  ),
)

const by = fc.array(
  record(
    { attestor, satisfied: fc.boolean(), rejected: fc.array(record({ occurrence: text, cause: text }, { detail: text }), { maxLength: 2 }) },
    { cause: text, occurrence: text, publicKeyId: text },
  ),
  { maxLength: 3 },
)
const undecided = as<UndecidedReason>(
  fc.oneof(
    record({ code: fc.constant('EVIDENCE_NOT_GATHERED'), attestor }),
    record({ code: fc.constantFrom('STALE', 'NEEDS_LABELS', 'SPOOL_UNAVAILABLE') }),
  ),
)
const outcome = as<ImageOutcome>(
  fc.oneof(
    record({ outcome: fc.constant('ALLOWED'), reason: record({ code: fc.constantFrom('SYSTEM_POLICY', 'EXEMPT_PATTERN'), pattern: text }) }),
    record({
      outcome: fc.constant('ALLOWED'),
      reason: record({ code: fc.constant('EXEMPTION'), id: fc.constantFrom('e1', 'e2'), expiresAt: instant }),
    }),
    record({ outcome: fc.constant('ALLOWED'), reason: record({ code: fc.constant('ATTESTED'), by }) }),
    record({ outcome: fc.constant('DENIED'), reason: record({ code: fc.constant('ALWAYS_DENY') }) }),
    record({
      outcome: fc.constant('DENIED'),
      reason: as<DenyReason>(record({ code: fc.constantFrom('NOT_ATTESTED', 'NOT_A_DIGEST', 'INVALID_IMAGE'), by })),
    }),
    record({ outcome: fc.constant('UNDECIDED'), reason: undecided }),
  ),
)
const decision = as<AdmissionDecision>(
  record(
    {
      outcome: fc.constantFrom('ALLOWED', 'DENIED', 'UNDECIDED'),
      reason: fc.constantFrom('CONFORMS', 'VIOLATES_POLICY', 'BREAK_GLASS'),
      policyEtag: text,
      images: fc.array(
        record(
          { image: text, containers: fc.array(record({ type: containerType, fieldPath: text }, { name: text }), { maxLength: 2 }), result: outcome },
          { rule: record({ kind: text }, { key: text }), enforcementMode: text, fix: record({ command: text, explanation: text }) },
        ),
        { maxLength: 3 },
      ),
    },
    { undecided },
  ),
)

const fact = record({ digest }, { signedAt: instant, expiresAt: instant, keyNotBefore: instant, revocation: record({ kind: text, at: instant }) })
const checked = fc.oneof(
  record({ outcome: fc.constant('VERIFIED'), occurrence: text, publicKeyId: text, receivedAt: instant, fact }),
  record({ outcome: fc.constant('REJECTED'), occurrence: text, receivedAt: instant, cause: text }, { detail: text }),
)
const exemption = as<Exemption>(
  record({ id: fc.constantFrom('e1', 'e3'), subject: record({ pattern: text }), owner: text, reason: text, expiresAt: instant }, { namespace: text }),
)
const evidence = as<AdmissionEvidence>(
  record(
    {
      policy: fc.record({ etag: text }),
      exemptions: fc.array(exemption, { maxLength: 2 }),
      attestors: fc.dictionary(attestor, fc.constantFrom(law.attestor(), law.attestor(law.SECOND_ATTESTOR, ['b', 'a']), { state: 'ABSENT' })),
      attestations: fc.dictionary(attestor, fc.dictionary(digest, record({ position: fc.nat(), checked: fc.array(checked, { maxLength: 2 }) }))),
      now: instant,
    },
    { systemPolicy: fc.record({ etag: text }), imageReviewMustShow: fc.subarray(['LABELS', 'IMAGE_VOLUMES']) },
  ),
)
const options = as<{ evaluator: string }>(record({ evaluator: text }, { policyDigest: text }))

describe('formatReceipt()', () => {
  it('writes what formatCanonicalJson() writes of the receipt, for any texts, members and orders of members', () => {
    fc.assert(
      fc.property(request, evidence, decision, options, (asked, known, decided, more) => {
        const expected = formatCanonicalJson(makeReceipt(asked, known, decided, more))
        assert.equal(formatReceipt(asked, known, decided, more), expected)
        assert.equal(formatReceipt(asked, known, decided, more), expected, 'with what was kept from the first time')
      }),
      { numRuns: 1_000 },
    )
  })

  for (const [name, asked, known] of [
    ['an attested image', law.request([law.IMAGE]), law.evidence([law.verified({ expiresAt: law.NOW + 1 })])],
    ['a denied tag', law.request(['nginx:1']), law.evidence([])],
    ['broken glass', law.request(['nginx'], { breakGlass: { via: 'LABEL', key: 'k', value: 'true' } }), law.evidence([])],
  ] as const) {
    it(`writes the receipt of a decision of the law: ${name}`, () => {
      const decided = decideAdmission(asked, known)
      assert.equal(
        formatReceipt(asked, known, decided, { evaluator: '1' }),
        formatCanonicalJson(makeReceipt(asked, known, decided, { evaluator: '1' })),
      )
    })
  }
})

it('formatRecord() writes what formatCanonicalJson() writes of the record', () => {
  const stamp = as<Omit<DecisionRecord, 'receipt'>>(
    record({ insertId: text, receiptDigest: text, timestamp: text, verifiedBy: text }, { certificateSubject: text, webhookName: text }),
  )
  fc.assert(fc.property(stamp, (one) => assert.equal(formatRecord(one, '{"a":1}'), formatCanonicalJson({ ...one, receipt: { a: 1 } }))))
})
