import type { CheckedAttestation, RejectionCause } from '../attestation/attestation.ts'
import type { Instant } from '../instant.ts'
import type { ImageDigest, ImageReference } from '../image/reference.ts'
import type { AttestorName, OccurrenceName } from '../name/resource-name.ts'
import type { AttestorCause, AttestorVerdict } from './decision.ts'
import type { AdmissionEvidence } from './evidence.ts'
import { judgeFact } from './judge-time.ts'

const NONE_REJECTED: AttestorVerdict['rejected'] = []
const MAX_REJECTED = 20

/**
 * Judges whether an attestor vouches for a digest now: one attestation that is verified, names this digest and counts at
 * this moment is enough (binary-authorization.md §3.6). Undefined where what is needed to know was not gathered, which
 * is not the same as finding nothing.
 */
export function judgeAttestor(attestor: AttestorName, digest: ImageDigest, evidence: AdmissionEvidence): AttestorVerdict | undefined {
  const known = evidence.attestors[attestor]
  if (known === undefined) return undefined
  if (known.state === 'ABSENT') return unsatisfied(attestor, 'ATTESTOR_ABSENT')
  if (known.state === 'NOT_GRANTED') return unsatisfied(attestor, 'ATTESTOR_NOT_GRANTED')
  if (known.attestor.publicKeys.length === 0) return unsatisfied(attestor, 'ATTESTOR_HAS_NO_KEY')
  const found = evidence.attestations[attestor]?.[digest]
  if (found === undefined) return undefined
  for (const checked of found.checked) {
    if (checked.outcome === 'VERIFIED' && rejectionOf(checked, digest, evidence.now) === undefined) {
      return { attestor, satisfied: true, occurrence: checked.occurrence, publicKeyId: checked.publicKeyId, rejected: NONE_REJECTED }
    }
  }
  if (found.checked.length === 0) return unsatisfied(attestor, 'NO_ATTESTATION')
  return { attestor, satisfied: false, cause: 'ATTESTATIONS_REJECTED', rejected: listRejected(found.checked, digest, evidence.now) }
}

/** How every attestor stands to an image that names no digest: nothing can be attested (binary-authorization.md §3.6). */
export function judgeWithoutDigest(attestor: AttestorName, reference: ImageReference | undefined): AttestorVerdict {
  return unsatisfied(attestor, reference === undefined || reference.text.includes('@') ? 'DIGEST_MALFORMED' : 'IMAGE_BY_TAG')
}

function unsatisfied(attestor: AttestorName, cause: AttestorCause): AttestorVerdict {
  return { attestor, satisfied: false, cause, rejected: NONE_REJECTED }
}

/**
 * The digest is compared again here, although the evidence is kept by digest: what admits an image is what was signed,
 * not where it was filed.
 */
function rejectionOf(checked: CheckedAttestation, digest: ImageDigest, now: Instant): RejectionCause | undefined {
  if (checked.outcome === 'REJECTED') return checked.cause
  if (checked.fact.digest !== digest) return 'OTHER_DIGEST'
  const judgement = judgeFact(checked, now)
  return judgement.valid ? undefined : judgement.cause
}

function listRejected(all: readonly CheckedAttestation[], digest: ImageDigest, now: Instant): AttestorVerdict['rejected'] {
  const newest = [...all].sort((a, b) => b.receivedAt - a.receivedAt).slice(0, MAX_REJECTED)
  const rejected: { occurrence: OccurrenceName; cause: RejectionCause; detail?: string }[] = []
  for (const checked of newest) {
    const cause = rejectionOf(checked, digest, now)
    if (cause === undefined) continue
    const detail = checked.outcome === 'REJECTED' ? checked.detail : undefined
    rejected.push({ occurrence: checked.occurrence, cause, ...(detail === undefined ? {} : { detail }) })
  }
  return rejected
}
