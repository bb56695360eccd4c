import type { RejectionCause, SignatureFact, VerifiedAttestation } from '../attestation/attestation.ts'
import type { Instant } from '../instant.ts'

/** Whether a verified attestation counts at this moment, and if not, why. */
export type FactJudgement = { readonly valid: true } | { readonly valid: false; readonly cause: RejectionCause }

/** How far the signer's clock may be ahead of the store's. */
export const MAX_CLOCK_SKEW_MS = 5 * 60 * 1000

const VALID: FactJudgement = { valid: true }

/**
 * Judges a verified attestation in time (DESIGN §5). It counts as of the moment when the store received it, which nobody
 * can backdate; the time inside the signature is only a lower bound, because a stolen key can write any. So the key must
 * be valid at both. A SOFT revocation spares what was received before it; a HARD one voids everything, whenever it came.
 * Only the attestation's own signed expiry is held against `now`: a key that expires later takes nothing back.
 *
 * Every comparison is written so that a time that is not a number fails.
 */
export function judgeFact(verified: VerifiedAttestation, now: Instant): FactJudgement {
  const { fact, receivedAt } = verified
  const signedAt = fact.signedAt ?? receivedAt
  if (isRevoked(fact, receivedAt)) return invalid('KEY_REVOKED')
  if (!(signedAt <= receivedAt + MAX_CLOCK_SKEW_MS)) return invalid('SIGNED_IN_FUTURE')
  if (isTooEarly(fact, receivedAt, signedAt)) return invalid('KEY_NOT_YET_VALID')
  if (isTooLate(fact, receivedAt, signedAt)) return invalid('KEY_EXPIRED')
  if (fact.expiresAt !== undefined && !(now < fact.expiresAt)) return invalid('ATTESTATION_EXPIRED')
  return VALID
}

function isRevoked(fact: SignatureFact, receivedAt: Instant): boolean {
  if (fact.revocation === undefined) return false
  return !(fact.revocation.kind === 'SOFT' && receivedAt < fact.revocation.at)
}

/**
 * The two clocks differ at the receipt: a key made and used within the same minute, on a machine that runs ahead of the
 * store, is no fraud. Signature and key come from one clock.
 */
function isTooEarly(fact: SignatureFact, receivedAt: Instant, signedAt: Instant): boolean {
  if (fact.keyNotBefore === undefined) return false
  return !(receivedAt + MAX_CLOCK_SKEW_MS >= fact.keyNotBefore) || (fact.signedAt !== undefined && !(signedAt >= fact.keyNotBefore))
}

function isTooLate(fact: SignatureFact, receivedAt: Instant, signedAt: Instant): boolean {
  return fact.keyNotAfter !== undefined && !(receivedAt < fact.keyNotAfter && signedAt < fact.keyNotAfter)
}

function invalid(cause: RejectionCause): FactJudgement {
  return { valid: false, cause }
}
