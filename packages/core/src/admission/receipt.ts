import type { Attestor } from '../attestation/attestor.ts'
import { parseImageReference } from '../image/reference.ts'
import type { Instant } from '../instant.ts'
import type { AttestorName } from '../name/resource-name.ts'
import type { CompiledPolicy } from '../policy/compile.ts'
import type { Exemption } from '../policy/exemption.ts'
import type { AdmissionDecision } from './decision.ts'
import type { AdmissionEvidence, AttestorState, UnseenByImageReview } from './evidence.ts'
import type { AdmissionRequest, WorkloadImage } from './request.ts'

/** Version of the receipt's shape. A reader that does not know it must not guess. */
export const RECEIPT_VERSION = 1

/** An attestor as a receipt names it: which version was asked, not its keys, which the store keeps under uid and etag. */
export type ReceiptAttestor =
  | { readonly state: 'PRESENT'; readonly uid: string; readonly etag: string; readonly noteUid: string; readonly keyIds: readonly string[] }
  | { readonly state: 'ABSENT' }
  | { readonly state: 'NOT_GRANTED' }

/** A request as a receipt holds it: without what can be parsed from the images' texts again. */
export type ReceiptRequest = Omit<AdmissionRequest, 'images'> & { readonly images: readonly Omit<WorkloadImage, 'reference'>[] }

/**
 * Everything that a decision used, as plain JSON: what is not named here cannot be replayed later (DESIGN §5). Policies
 * and attestors are named by version and kept in the store; exemptions, which come and go, and the facts that signatures
 * proved stand here whole. Holds hostile text as it came, because a replay must judge the same text; whoever shows it
 * must escape it.
 */
export interface DecisionReceipt {
  readonly version: typeof RECEIPT_VERSION
  /** Version of the program that decided. */
  readonly evaluator: string
  readonly now: Instant
  readonly request: ReceiptRequest
  readonly policy: { readonly etag: string; readonly digest?: string }
  readonly systemPolicy?: { readonly etag: string }
  /** Those exemptions that admitted an image, in the order in which they were asked. */
  readonly exemptions: readonly Exemption[]
  readonly attestors: Readonly<Record<AttestorName, ReceiptAttestor>>
  readonly attestations: AdmissionEvidence['attestations']
  readonly imageReviewMustShow?: readonly UnseenByImageReview[]
  readonly decision: AdmissionDecision
}

/** What a receipt needs from outside: the deciding program's version, and the policy's content digest where it is known. */
export interface ReceiptOptions {
  readonly evaluator: string
  readonly policyDigest?: string
}

/** What the store kept for a receipt: the named versions, by which it can be decided again. */
export interface ReceiptInputs {
  readonly policy: CompiledPolicy
  readonly systemPolicy?: CompiledPolicy
  readonly attestors: Readonly<Record<AttestorName, Attestor>>
}

/**
 * Makes the receipt of a decision. Of the evidence it takes what the decision could have looked at: the attestors of the
 * governing rule, which are the evidence gathered for it, and the exemptions that admitted something; those that matched
 * nothing change no answer.
 */
export function makeReceipt(
  request: AdmissionRequest,
  evidence: AdmissionEvidence,
  decision: AdmissionDecision,
  options: ReceiptOptions,
): DecisionReceipt {
  const used = usedAttestors(decision, evidence)
  const exemptionIds = new Set(decision.images.map(({ result }) => (result.reason.code === 'EXEMPTION' ? result.reason.id : undefined)))
  return {
    version: RECEIPT_VERSION,
    evaluator: options.evaluator,
    now: evidence.now,
    request: { ...request, images: request.images.map(({ reference: _, ...image }) => image) },
    policy: { etag: evidence.policy.etag, ...(options.policyDigest === undefined ? {} : { digest: options.policyDigest }) },
    ...(evidence.systemPolicy === undefined ? {} : { systemPolicy: { etag: evidence.systemPolicy.etag } }),
    exemptions: evidence.exemptions.filter((exemption) => exemptionIds.has(exemption.id)),
    attestors: pick(evidence.attestors, used, nameAttestor),
    attestations: pick(evidence.attestations, used, (found) => found),
    ...(evidence.imageReviewMustShow === undefined ? {} : { imageReviewMustShow: evidence.imageReviewMustShow }),
    decision,
  }
}

/** The request that a receipt's decision judged, every image text parsed anew. */
export function requestOfReceipt({ request }: DecisionReceipt): AdmissionRequest {
  return { ...request, images: request.images.map(restoreImage) }
}

function restoreImage(image: Omit<WorkloadImage, 'reference'>): WorkloadImage {
  const reference = parseImageReference(image.text)
  return reference.ok ? { ...image, reference: reference.value } : image
}

/**
 * The evidence from which `decideAdmission` decides a receipt's request again. Undefined where what the store kept is not
 * what the receipt names: another policy version, or an attestor that is missing or was born again under its name.
 */
export function evidenceOfReceipt(receipt: DecisionReceipt, kept: ReceiptInputs): AdmissionEvidence | undefined {
  if (kept.policy.etag !== receipt.policy.etag || kept.systemPolicy?.etag !== receipt.systemPolicy?.etag) return undefined
  const attestors: Record<AttestorName, AttestorState> = {}
  for (const [key, named] of Object.entries(receipt.attestors)) {
    const name = key as AttestorName
    const state = named.state === 'PRESENT' ? restoreAttestor(named, kept.attestors[name]) : named
    if (state === undefined) return undefined
    attestors[name] = state
  }
  return {
    policy: kept.policy,
    ...(kept.systemPolicy === undefined ? {} : { systemPolicy: kept.systemPolicy }),
    exemptions: receipt.exemptions,
    attestors,
    attestations: receipt.attestations,
    now: receipt.now,
    ...(receipt.imageReviewMustShow === undefined ? {} : { imageReviewMustShow: receipt.imageReviewMustShow }),
  }
}

/** An attestor as a receipt names it. */
export function nameAttestor(known: AttestorState): ReceiptAttestor {
  if (known.state !== 'PRESENT') return { state: known.state }
  const { uid, noteUid, publicKeys } = known.attestor
  return { state: 'PRESENT', uid, etag: known.etag, noteUid, keyIds: publicKeys.map((key) => key.id) }
}

function restoreAttestor(named: Extract<ReceiptAttestor, { state: 'PRESENT' }>, attestor: Attestor | undefined): AttestorState | undefined {
  if (attestor === undefined || attestor.uid !== named.uid || attestor.noteUid !== named.noteUid) return undefined
  const keyIds = attestor.publicKeys.map((key) => key.id)
  if (keyIds.length !== named.keyIds.length || keyIds.some((id, index) => id !== named.keyIds[index])) return undefined
  return { state: 'PRESENT', attestor, etag: named.etag }
}

/** The attestors that a receipt names: every one that a verdict names, and every one for which something was gathered. */
export function usedAttestors(decision: AdmissionDecision, evidence: AdmissionEvidence): ReadonlySet<AttestorName> {
  const used = new Set(Object.keys(evidence.attestations) as AttestorName[])
  for (const { result } of decision.images) {
    if ('by' in result.reason) for (const verdict of result.reason.by) used.add(verdict.attestor)
  }
  return used
}

function pick<T, R>(
  all: Readonly<Record<AttestorName, T>>,
  names: ReadonlySet<AttestorName>,
  map: (value: T) => R,
): Readonly<Record<AttestorName, R>> {
  const picked: Record<AttestorName, R> = {}
  for (const name of names) {
    const value = all[name]
    if (value !== undefined) picked[name] = map(value)
  }
  return picked
}
