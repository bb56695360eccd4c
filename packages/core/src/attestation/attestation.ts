import type { ImageDigest } from '../image/reference.ts'
import type { Instant } from '../instant.ts'
import type { NoteName, OccurrenceName } from '../name/resource-name.ts'

/** One signature of an attestation, as received. Nothing about it has been checked. */
export interface UnverifiedSignature {
  readonly publicKeyId: string
  /** Raw detached signature (PKIX), or an OpenPGP message, clear-signed text or detached signature (PGP). */
  readonly signature: Uint8Array
}

/** An attestation occurrence as stored: who wrote it may be hostile. */
export interface UnverifiedAttestation {
  readonly occurrence: OccurrenceName
  readonly note: NoteName
  readonly noteUid: string
  readonly resourceUri: string
  /** Empty for kritis' PGP attestations, whose signature holds the payload. */
  readonly serializedPayload: Uint8Array
  readonly signatures: readonly UnverifiedSignature[]
  readonly jwts: readonly string[]
  /** When the store received it: the time as of which its signature is judged. */
  readonly receivedAt: Instant
}

/** Why one attestation proves nothing. Stable codes; texts are made from them. */
export type RejectionCause =
  | 'UNKNOWN_KEY'
  | 'BAD_SIGNATURE'
  | 'NO_SIGNATURE'
  | 'MALFORMED_SIGNATURE'
  | 'ALGORITHM_MISMATCH'
  | 'UNUSABLE_KEY'
  | 'PAYLOAD_DIFFERS'
  | 'PAYLOAD_NOT_JSON'
  | 'PAYLOAD_MALFORMED'
  | 'OTHER_DIGEST'
  | 'TOO_LARGE'
  | 'UNSUPPORTED_FORMAT'
  | 'ATTESTATION_EXPIRED'
  | 'KEY_EXPIRED'
  | 'KEY_NOT_YET_VALID'
  | 'KEY_REVOKED'
  | 'SIGNED_IN_FUTURE'

/**
 * What a valid signature proves, and for how long: a pure function of the signature's bytes, the key's bytes and the
 * algorithm, so it may be cached for ever under exactly those. Times are judged elsewhere, against the current moment.
 */
export interface SignatureFact {
  /** The digest that the signed payload names. */
  readonly digest: ImageDigest
  /** When the signature says it was made (PGP, DSSE with time). Only a lower bound: a stolen key can backdate. */
  readonly signedAt?: Instant
  /** Signed expiry of the attestation: `optional.expiry` of the payload. */
  readonly expiresAt?: Instant
  readonly keyNotBefore?: Instant
  /** First moment at which the key is no longer valid. */
  readonly keyNotAfter?: Instant
  readonly revocation?: KeyRevocation
}

/** SOFT (superseded, retired) spares what was received before `at`; HARD, unknown reasons included, voids all. */
export interface KeyRevocation {
  readonly kind: 'SOFT' | 'HARD'
  readonly at: Instant
}

/** An attestation whose signature holds over a payload that names `fact.digest`. Only `evidence` makes it. */
export interface VerifiedAttestation {
  readonly outcome: 'VERIFIED'
  readonly occurrence: OccurrenceName
  readonly publicKeyId: string
  readonly receivedAt: Instant
  readonly fact: SignatureFact
}

/** An attestation that proves nothing, and why; `detail` is for people and may quote hostile text, already escaped. */
export interface RejectedAttestation {
  readonly outcome: 'REJECTED'
  readonly occurrence: OccurrenceName
  readonly publicKeyId?: string
  readonly receivedAt: Instant
  readonly cause: RejectionCause
  readonly detail?: string
}

export type CheckedAttestation = VerifiedAttestation | RejectedAttestation
