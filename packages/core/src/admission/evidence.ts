import type { Attestor } from '../attestation/attestor.ts'
import type { CheckedAttestation } from '../attestation/attestation.ts'
import type { ImageDigest } from '../image/reference.ts'
import type { Instant } from '../instant.ts'
import type { AttestorName } from '../name/resource-name.ts'
import type { Exemption } from '../policy/exemption.ts'
import type { CompiledPolicy } from '../policy/compile.ts'

/** What is known of an attestor that a rule names. */
export type AttestorState =
  | { readonly state: 'PRESENT'; readonly attestor: Attestor; readonly etag: string }
  /** Nobody created it, or it was deleted. */
  | { readonly state: 'ABSENT' }
  /** It exists, but the deciding project was not granted its use. */
  | { readonly state: 'NOT_GRANTED' }

/** All checked attestations of one digest under one attestor's note, and the feed position at which that was all. */
export interface DigestEvidence {
  readonly position: number
  readonly checked: readonly CheckedAttestation[]
}

/**
 * Everything that a decision may use, gathered before it. Plain data: the same request and evidence give the same
 * decision, today and in an audit in five years.
 */
export interface AdmissionEvidence {
  readonly policy: CompiledPolicy
  /** The system policy's patterns, compiled; used only where the policy enables it. */
  readonly systemPolicy?: CompiledPolicy
  readonly exemptions: readonly Exemption[]
  readonly attestors: Readonly<Record<AttestorName, AttestorState>>
  /** By attestor name, then by digest. A pair that a rule needs and that is not here was not gathered: undecided. */
  readonly attestations: Readonly<Record<AttestorName, Readonly<Record<ImageDigest, DigestEvidence>>>>
  /** The moment of the decision. */
  readonly now: Instant
  /** What an ImageReview must show before it may be concluded; see `concludeImageReview` in decide.ts. Absent: nothing. */
  readonly imageReviewMustShow?: readonly UnseenByImageReview[]
}

/** What Kubernetes leaves out of an ImageReview though a Pod may have it. */
export type UnseenByImageReview = 'LABELS' | 'IMAGE_VOLUMES'

/** All that must be known before evidence can be asked for. */
export type AdmissionWorld = Omit<AdmissionEvidence, 'attestations'>
