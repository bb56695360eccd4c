import type { RejectionCause } from '../attestation/attestation.ts'
import type { AdmissionDecision, AllowReason, AttestorCause, AttestorVerdict, DenyReason, ImageVerdict, UndecidedReason } from './decision.ts'
import { formatRule } from './denial-text.ts'
import { formatVisible } from './visible-text.ts'

/** Our own words for people, made from the codes; the original's words are in denial-text.ts. One line each, no full stop. */

const REJECTIONS: Readonly<Record<RejectionCause, string>> = {
  UNKNOWN_KEY: "its key is none of the attestor's keys",
  BAD_SIGNATURE: 'the signature does not fit the payload and the key',
  NO_SIGNATURE: 'it carries no signature',
  MALFORMED_SIGNATURE: 'the signature cannot be read',
  ALGORITHM_MISMATCH: "it is signed with another algorithm than the attestor's key allows",
  UNUSABLE_KEY: "the attestor's key cannot be used for signatures",
  PAYLOAD_DIFFERS: 'the signed text is not the stored payload',
  PAYLOAD_NOT_JSON: 'the signed text is not JSON',
  PAYLOAD_MALFORMED: 'the signed text is not a signature payload',
  OTHER_DIGEST: 'it attests another digest',
  TOO_LARGE: 'it is too large',
  UNSUPPORTED_FORMAT: 'its format is not supported',
  ATTESTATION_EXPIRED: 'it has expired',
  KEY_EXPIRED: 'the key had expired when it was received',
  KEY_NOT_YET_VALID: 'the key was not valid yet',
  KEY_REVOKED: 'the key is revoked',
  SIGNED_IN_FUTURE: 'it says that it was signed after it was received',
}

const ATTESTOR_CAUSES: Readonly<Record<AttestorCause, string>> = {
  NO_ATTESTATION: 'has not attested this digest',
  ATTESTATIONS_REJECTED: 'has no attestation of this digest that counts',
  ATTESTOR_ABSENT: 'does not exist, or was created after the policy was saved',
  ATTESTOR_NOT_GRANTED: 'may not be used by this project',
  ATTESTOR_HAS_NO_KEY: 'has no public key',
  IMAGE_BY_TAG: 'can attest only digests, and the image is named by tag',
  DIGEST_MALFORMED: 'can attest only sha256 digests, and the image names none that is well-formed',
}

/** Why an image may run. */
export function explainAllow(reason: AllowReason): string {
  switch (reason.code) {
    case 'SYSTEM_POLICY':
      return `the system policy allows ${formatVisible(reason.pattern)}`
    case 'EXEMPT_PATTERN':
      return `the policy exempts ${formatVisible(reason.pattern)}`
    case 'EXEMPTION':
      return `exemption ${formatVisible(reason.id)} covers it until it ends`
    case 'ALWAYS_ALLOW':
      return 'the rule allows every image'
    case 'ATTESTED':
      return `attested by ${reason.by.map((verdict) => verdict.attestor).join(', ')}`
  }
}

/** Why an image may not run. */
export function explainDeny(reason: DenyReason): string {
  switch (reason.code) {
    case 'ALWAYS_DENY':
      return 'the rule denies every image'
    case 'NOT_ATTESTED':
      return listUnsatisfied(reason.by) || 'the rule requires attestations but names no attestor'
    case 'NOT_A_DIGEST':
      return 'the rule requires attestations, which are made of sha256 digests, and the image names none'
    case 'INVALID_IMAGE':
      return 'it is not a valid image reference'
  }
}

/** Why nothing could be concluded. */
export function explainUndecided(reason: UndecidedReason): string {
  switch (reason.code) {
    case 'NEEDS_SERVICE_ACCOUNT':
      return 'the policy has rules for service accounts, which an ImageReview does not name; use the validating webhook'
    case 'NEEDS_IMAGE_VOLUMES':
      return 'image volumes must be seen, which an ImageReview does not show; use the validating webhook'
    case 'NEEDS_LABELS':
      return 'labels must be seen, which an ImageReview does not show; use the validating webhook'
    case 'EVIDENCE_NOT_GATHERED':
      return `the attestations of ${reason.attestor} could not be looked up`
    case 'UNKNOWN_PROJECT':
      return 'the project does not exist here; create it with countersign projects create'
    case 'UNKNOWN_CLUSTER':
      return 'the cluster is not registered; register it with countersign clusters register'
    case 'STALE':
      return 'what is known here is older than the staleness budget allows'
    case 'STORE_UNAVAILABLE':
      return 'the store does not answer'
    case 'SPOOL_UNAVAILABLE':
      return 'the decision could not be recorded'
    case 'DEADLINE_EXCEEDED':
      return 'there was not enough time'
  }
}

/** How an attestor stands to an image, with the newest attestation that does not count. */
function explainAttestor(verdict: AttestorVerdict): string {
  if (verdict.satisfied) return `${verdict.attestor} has attested it`
  const [newest] = verdict.rejected
  const head = `${verdict.attestor} ${ATTESTOR_CAUSES[verdict.cause ?? 'NO_ATTESTATION']}`
  return newest === undefined ? head : `${head}: ${explainRejection(newest.cause)}`
}

/** Why an attestation proves nothing; completes "the attestation does not count: …". */
export function explainRejection(cause: RejectionCause): string {
  return REJECTIONS[cause]
}

/** An image's verdict in one line. */
export function explainImage(verdict: ImageVerdict): string {
  const image = formatVisible(verdict.image)
  const { result } = verdict
  if (result.outcome === 'ALLOWED') return `${image} is allowed: ${explainAllow(result.reason)}`
  if (result.outcome === 'DENIED') return `${image} is denied by the ${formatRule(verdict.rule)}: ${explainDeny(result.reason)}`
  return `${image} could not be decided: ${explainUndecided(result.reason)}`
}

/** A decision in one line, without its images. */
export function explainDecision(decision: AdmissionDecision): string {
  switch (decision.reason) {
    case 'CONFORMS':
      return 'allowed: every image conforms to the policy'
    case 'NOTHING_TO_JUDGE':
      return 'allowed: no image is new'
    case 'VIOLATES_POLICY':
      return `denied: ${countOf(decision, 'DENIED')} of ${decision.images.length} images may not run`
    case 'DRY_RUN':
      return `allowed by dry run: ${decision.images.length - countOf(decision, 'ALLOWED')} of ${decision.images.length} images do not conform`
    case 'BREAK_GLASS':
      return `allowed by break-glass: ${decision.images.length - countOf(decision, 'ALLOWED')} of ${decision.images.length} images do not conform`
    case 'COULD_NOT_DECIDE':
      return `could not decide: ${decision.undecided === undefined ? 'no reason was given' : explainUndecided(decision.undecided)}`
  }
}

function listUnsatisfied(by: readonly AttestorVerdict[]): string {
  return by
    .filter((verdict) => !verdict.satisfied)
    .map(explainAttestor)
    .join('; ')
}

function countOf(decision: AdmissionDecision, outcome: ImageVerdict['result']['outcome']): number {
  return decision.images.filter((image) => image.result.outcome === outcome).length
}
