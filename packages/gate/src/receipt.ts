import type { AdmissionDecision } from '@countersign/core/admission/decision.ts'
import type { AdmissionEvidence, DigestEvidence } from '@countersign/core/admission/evidence.ts'
import type { AdmissionRequest } from '@countersign/core/admission/request.ts'
import type { ImageDigest } from '@countersign/core/image/reference.ts'
import type { Instant } from '@countersign/core/instant.ts'
import type { AttestorName } from '@countersign/core/name/resource-name.ts'
import type { CompiledProject } from './world/world.ts'

/** What a receipt is made of. */
export interface Receipted {
  readonly request: AdmissionRequest
  readonly project: CompiledProject
  readonly clusterUid: string
  readonly evidence: AdmissionEvidence
  readonly decision: AdmissionDecision
  readonly now: Instant
}

/**
 * The receipt of a decision (docs/spec/receipt.md): everything the law was given, so that the decision can be made again.
 * The request stands in it whole, without what is parsed from its texts; policy and attestors by version and digest;
 * attestations by name, with the feed position at which they were all there were; exemptions whole, for they end.
 */
export function formReceipt({ request, project, clusterUid, evidence, decision, now }: Receipted): unknown {
  const { world, policyDigest } = project
  return {
    version: 1,
    now,
    project: { id: world.project, number: world.number },
    clusterUid,
    request: { ...request, images: request.images.map(({ text, containerType, containerName, fieldPath }) => ({ text, containerType, containerName, fieldPath })) },
    policy: { etag: world.policyEtag, digest: policyDigest },
    ...(evidence.systemPolicy === undefined ? {} : { systemPolicy: { etag: evidence.systemPolicy.etag } }),
    ...(world.exemptions.length === 0 ? {} : { exemptions: world.exemptions }),
    attestors: formAttestors(decision, project),
    attestations: formAttestations(evidence.attestations),
    outcome: decision.outcome,
    reason: decision.reason,
  }
}

/** Those that the governing rules named, as they were known. */
function formAttestors(decision: AdmissionDecision, { versioned, attestors }: CompiledProject): Readonly<Record<string, unknown>> {
  const named: Record<string, unknown> = {}
  for (const { result } of decision.images) {
    if (result.outcome === 'UNDECIDED' || !('by' in result.reason)) continue
    for (const { attestor } of result.reason.by) {
      const known = versioned.get(attestor)
      named[attestor] ??= known === undefined ? { state: attestors[attestor]?.state ?? 'ABSENT' } : { uid: known.attestor.uid, digest: known.digest }
    }
  }
  return named
}

function formAttestations(attestations: AdmissionEvidence['attestations']): Readonly<Record<string, unknown>> {
  const formed: Record<string, Record<string, unknown>> = {}
  for (const [attestor, digests] of Object.entries(attestations) as [AttestorName, Record<ImageDigest, DigestEvidence>][]) {
    const byDigest: Record<string, unknown> = {}
    for (const [digest, { position, checked }] of Object.entries(digests)) {
      byDigest[digest] = { position, occurrences: [...new Set(checked.map(({ occurrence }) => occurrence))] }
    }
    formed[attestor] = byDigest
  }
  return formed
}
