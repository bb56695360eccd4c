import type { CheckedAttestation, SignatureFact, VerifiedAttestation } from '../../attestation/attestation.ts'
import { parseImageReference } from '../../image/reference.ts'
import type { ImageDigest } from '../../image/reference.ts'
import type { AttestorName, ClusterKey, NoteName, OccurrenceName, ProjectId } from '../../name/resource-name.ts'
import type { CompiledPolicy } from '../../policy/compile.ts'
import type { AdmissionRule, Policy } from '../../policy/policy.ts'
import type { AdmissionEvidence, AttestorState } from '../evidence.ts'
import type { AdmissionRequest, ContainerType, WorkloadImage } from '../request.ts'

/** The moment at which the cases of this folder decide. */
export const NOW = Date.UTC(2026, 0, 31, 12)
export const DIGEST = `sha256:${'a'.repeat(64)}` as ImageDigest
export const OTHER_DIGEST = `sha256:${'b'.repeat(64)}` as ImageDigest
export const IMAGE = `registry.example.com/team/app@${DIGEST}`
export const ATTESTOR = 'projects/p1/attestors/qa' as AttestorName
export const SECOND_ATTESTOR = 'projects/p1/attestors/security' as AttestorName
const CLUSTER = 'us-central1-a.prod' as ClusterKey

/** An image as the walk finds it. */
export function image(text: string, containerType: ContainerType = 'CONTAINER', index = 0): WorkloadImage {
  const reference = parseImageReference(text)
  const path = `spec.containers[${index}].image`
  return { text, ...(reference.ok ? { reference: reference.value } : {}), containerType, containerName: `c${index}`, fieldPath: path }
}

/** The creation of a Pod with these images in the namespace `default`. */
export function request(texts: readonly string[], overrides: Partial<AdmissionRequest> = {}): AdmissionRequest {
  return {
    uid: 'b3a5',
    source: 'ADMISSION_REVIEW',
    project: 'p1' as ProjectId,
    scope: { cluster: CLUSTER, trustDomain: 'p1.svc.id.goog', namespace: 'default', serviceAccount: 'default' },
    operation: 'CREATE',
    workload: { apiVersion: 'v1', kind: 'Pod', name: 'nginx', resource: 'pods' },
    images: texts.map((text, index) => image(text, 'CONTAINER', index)),
    unchangedImages: [],
    serverDryRun: false,
    ...overrides,
  }
}

/** A rule, enforced unless said otherwise. */
export function rule(evaluationMode: AdmissionRule['evaluationMode'], overrides: Partial<AdmissionRule> = {}): AdmissionRule {
  const requireAttestationsBy = evaluationMode === 'REQUIRE_ATTESTATION' ? [ATTESTOR] : []
  return { evaluationMode, requireAttestationsBy, enforcementMode: 'ENFORCED_BLOCK_AND_AUDIT_LOG', ...overrides }
}

/** A policy that denies everything, with patterns that match exactly, or by prefix where they end in `**`. */
export function policy(overrides: Partial<Policy> = {}): CompiledPolicy {
  const whole: Policy = {
    globalPolicyEvaluationMode: 'DISABLE',
    admissionWhitelistPatterns: [],
    clusterAdmissionRules: {},
    kubernetesNamespaceAdmissionRules: {},
    kubernetesServiceAccountAdmissionRules: {},
    istioServiceIdentityAdmissionRules: {},
    defaultAdmissionRule: rule('ALWAYS_DENY'),
    ...overrides,
  }
  const patterns = whole.admissionWhitelistPatterns.map((pattern) => pattern.namePattern)
  const find = (text: string) => patterns.find((pattern) => (pattern.endsWith('**') ? text.startsWith(pattern.slice(0, -2)) : text === pattern))
  return { policy: whole, etag: '"etag-1"', patterns: { find } }
}

/** An attestor with one key. */
export function attestor(name: AttestorName = ATTESTOR, keyIds: readonly string[] = ['key-1']): AttestorState {
  return {
    state: 'PRESENT',
    etag: '"a"',
    attestor: {
      name,
      uid: `uid-of-${name}`,
      note: 'projects/p1/notes/qa' as NoteName,
      noteUid: 'note-uid',
      publicKeys: keyIds.map((id) => ({ type: 'PKIX', id, publicKeyPem: '', signatureAlgorithm: 'ECDSA_P256_SHA256' })),
    },
  }
}

/** A verified attestation received an hour ago. */
export function verified(fact: Partial<SignatureFact> = {}, overrides: Partial<VerifiedAttestation> = {}): VerifiedAttestation {
  return {
    outcome: 'VERIFIED',
    occurrence: 'projects/p1/occurrences/good' as OccurrenceName,
    publicKeyId: 'key-1',
    receivedAt: NOW - 3_600_000,
    fact: { digest: DIGEST, ...fact },
    ...overrides,
  }
}

/** Evidence for a policy that requires the attestor, for the usual digest. */
export function evidence(checked: readonly CheckedAttestation[], overrides: Partial<AdmissionEvidence> = {}): AdmissionEvidence {
  return {
    policy: policy({ defaultAdmissionRule: rule('REQUIRE_ATTESTATION') }),
    exemptions: [],
    attestors: { [ATTESTOR]: attestor() },
    attestations: { [ATTESTOR]: { [DIGEST]: { position: 7, checked } } },
    now: NOW,
    ...overrides,
  }
}
