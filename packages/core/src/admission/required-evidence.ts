import type { ImageDigest } from '../image/reference.ts'
import type { AttestorName } from '../name/resource-name.ts'
import { selectRule } from '../policy/select-rule.ts'
import { findAdmittance } from './admittance.ts'
import type { AdmissionWorld } from './evidence.ts'
import { groupJudgedImages } from './judged-images.ts'
import type { AdmissionRequest } from './request.ts'

/** A look-up that a decision will need: all attestations for a digest under an attestor's note. */
export interface RequiredEvidence {
  readonly attestor: AttestorName
  readonly digest: ImageDigest
}

const NOTHING: readonly RequiredEvidence[] = []

/**
 * What to gather before `decideAdmission`: the pairs of attestor and digest for exactly those images that will reach a
 * REQUIRE_ATTESTATION rule, each pair once. Empty for whatever is decided without attestations; attestors that cannot be
 * satisfied (absent, not granted, without a key) are not asked for. Break-glass and dry run change nothing: their verdicts are kept.
 */
export function requiredEvidence(request: AdmissionRequest, world: AdmissionWorld): readonly RequiredEvidence[] {
  const selected = selectRule(world.policy.policy, request.scope)
  if ('undecided' in selected || selected.rule.evaluationMode !== 'REQUIRE_ATTESTATION') return NOTHING
  const attestors = selected.rule.requireAttestationsBy.filter((name) => isUsable(world, name))
  if (attestors.length === 0) return NOTHING
  const digests = new Set<ImageDigest>()
  for (const [image] of groupJudgedImages(request)) {
    const digest = image?.reference?.digest
    if (image !== undefined && digest !== undefined && findAdmittance(image, request, world) === undefined) digests.add(digest)
  }
  return [...digests].flatMap((digest) => attestors.map((attestor) => ({ attestor, digest })))
}

function isUsable(world: AdmissionWorld, name: AttestorName): boolean {
  const known = world.attestors[name]
  return known?.state === 'PRESENT' && known.attestor.publicKeys.length > 0
}
