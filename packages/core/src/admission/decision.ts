import type { RejectionCause } from '../attestation/attestation.ts'
import type { Instant } from '../instant.ts'
import type { AttestorName, OccurrenceName } from '../name/resource-name.ts'
import type { EnforcementMode, RuleReference } from '../policy/policy.ts'
import type { ContainerType } from './request.ts'

/** Stable codes for why an image may run. */
export type AllowReason =
  | { readonly code: 'SYSTEM_POLICY'; readonly pattern: string }
  | { readonly code: 'EXEMPT_PATTERN'; readonly pattern: string }
  | { readonly code: 'EXEMPTION'; readonly id: string; readonly expiresAt: Instant }
  | { readonly code: 'ALWAYS_ALLOW' }
  | { readonly code: 'ATTESTED'; readonly by: readonly AttestorVerdict[] }

/** Stable codes for why an image may not run. */
export type DenyReason =
  | { readonly code: 'ALWAYS_DENY' }
  | { readonly code: 'NOT_ATTESTED'; readonly by: readonly AttestorVerdict[] }
  | { readonly code: 'NOT_A_DIGEST'; readonly by: readonly AttestorVerdict[] }
  /** The text is not an image reference at all; no rule but ALWAYS_ALLOW lets it in. */
  | { readonly code: 'INVALID_IMAGE'; readonly by: readonly AttestorVerdict[] }

/** Stable codes for why nothing could be concluded. */
export type UndecidedReason =
  | { readonly code: 'NEEDS_SERVICE_ACCOUNT' }
  | { readonly code: 'NEEDS_IMAGE_VOLUMES' }
  | { readonly code: 'NEEDS_LABELS' }
  | { readonly code: 'EVIDENCE_NOT_GATHERED'; readonly attestor: AttestorName }
  | { readonly code: 'UNKNOWN_PROJECT' }
  | { readonly code: 'UNKNOWN_CLUSTER' }
  | { readonly code: 'STALE' }
  | { readonly code: 'STORE_UNAVAILABLE' }
  | { readonly code: 'SPOOL_UNAVAILABLE' }
  | { readonly code: 'DEADLINE_EXCEEDED' }

/** How one required attestor stands to one image. */
export interface AttestorVerdict {
  readonly attestor: AttestorName
  readonly satisfied: boolean
  readonly cause?: AttestorCause
  /** The attestation that satisfied it. */
  readonly occurrence?: OccurrenceName
  readonly publicKeyId?: string
  /** Attestations that proved nothing, newest first, at most 20. */
  readonly rejected: readonly { readonly occurrence: OccurrenceName; readonly cause: RejectionCause; readonly detail?: string }[]
}

export type AttestorCause =
  | 'NO_ATTESTATION'
  | 'ATTESTATIONS_REJECTED'
  | 'ATTESTOR_ABSENT'
  | 'ATTESTOR_NOT_GRANTED'
  | 'ATTESTOR_HAS_NO_KEY'
  | 'IMAGE_BY_TAG'
  | 'DIGEST_MALFORMED'

export type ImageOutcome =
  | { readonly outcome: 'ALLOWED'; readonly reason: AllowReason }
  | { readonly outcome: 'DENIED'; readonly reason: DenyReason }
  | { readonly outcome: 'UNDECIDED'; readonly reason: UndecidedReason }

/** The judgement of one distinct image text; the same text in several containers is judged once. */
export interface ImageVerdict {
  readonly image: string
  readonly containers: readonly { readonly type: ContainerType; readonly name?: string; readonly fieldPath: string }[]
  readonly result: ImageOutcome
  /** The rule that governed; absent where system policy, pattern or exemption let the image in before any rule. */
  readonly rule?: RuleReference
  readonly enforcementMode?: EnforcementMode
  /** For a denied image: the smallest change that would admit it. */
  readonly fix?: Fix
}

/** What to do about a denial: a command to run, and one sentence that says what it does. At most 256 characters together. */
export interface Fix {
  readonly command: string
  readonly explanation: string
}

/** Why the whole request was answered as it was. */
export type DecisionReason = 'CONFORMS' | 'NOTHING_TO_JUDGE' | 'VIOLATES_POLICY' | 'DRY_RUN' | 'BREAK_GLASS' | 'COULD_NOT_DECIDE'

/**
 * The answer. `ALLOWED` is a conclusion with a reason, `UNDECIDED` is neither a denial nor an admission.
 * With BREAK_GLASS and DRY_RUN the images' own verdicts stand beside it, so what was overridden can be read.
 */
export interface AdmissionDecision {
  readonly outcome: 'ALLOWED' | 'DENIED' | 'UNDECIDED'
  readonly reason: DecisionReason
  readonly images: readonly ImageVerdict[]
  /** Why UNDECIDED. */
  readonly undecided?: UndecidedReason
  readonly policyEtag: string
}
