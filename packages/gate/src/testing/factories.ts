import { generateKeyPairSync, sign } from 'node:crypto'
import type { UnverifiedAttestation } from '@countersign/core/attestation/attestation.ts'
import type { Attestor } from '@countersign/core/attestation/attestor.ts'
import type { ImageDigest } from '@countersign/core/image/reference.ts'
import type { AttestorName, ClusterKey, NoteName, OccurrenceName, ProjectId } from '@countersign/core/name/resource-name.ts'
import type { AdmissionRule, Policy } from '@countersign/core/policy/policy.ts'
import { formatTimestamp } from '@countersign/core/timestamp.ts'
import type { ProjectWorld, RegisteredCluster } from '../ports.ts'
import type { GateLog, Surroundings } from '../surroundings.ts'

export const PROJECT = 'prod-1' as ProjectId
export const SEGMENT = 'c2VnbWVudC1vZi10aGUtcHJvZC1jbHVzdGVy'
const ATTESTOR = 'projects/prod-1/attestors/qa' as AttestorName
export const NOTE = 'projects/prod-1/notes/qa' as NoteName
export const DIGEST = `sha256:${'a1'.repeat(32)}` as ImageDigest
export const IMAGE = `registry.example.com/shop/web@${DIGEST}`
const NOW = Date.UTC(2026, 0, 31, 12)

/** A rule: denies everything unless told otherwise. */
export function rule(over: Partial<AdmissionRule> = {}): AdmissionRule {
  return { evaluationMode: 'ALWAYS_DENY', requireAttestationsBy: [], enforcementMode: 'ENFORCED_BLOCK_AND_AUDIT_LOG', ...over }
}

/** A rule that requires the attestor of these factories. */
export function attestedBy(...attestors: readonly AttestorName[]): AdmissionRule {
  return rule({ evaluationMode: 'REQUIRE_ATTESTATION', requireAttestationsBy: attestors })
}

export function policy(over: Partial<Policy> = {}): Policy {
  return {
    globalPolicyEvaluationMode: 'DISABLE',
    admissionWhitelistPatterns: [],
    clusterAdmissionRules: {},
    kubernetesNamespaceAdmissionRules: {},
    kubernetesServiceAccountAdmissionRules: {},
    istioServiceIdentityAdmissionRules: {},
    defaultAdmissionRule: rule(),
    ...over,
  }
}

export function cluster(over: Partial<RegisteredCluster> = {}): RegisteredCluster {
  return {
    project: PROJECT,
    key: 'us-central1-a.prod' as ClusterKey,
    uid: 'cluster-uid',
    trustDomain: 'prod-1.svc.id.goog',
    segment: SEGMENT,
    ...over,
  }
}

let etags = 0

/** A project with one cluster; every call has another policy etag. */
export function projectWorld(over: Partial<ProjectWorld> = {}): ProjectWorld {
  return {
    project: PROJECT,
    number: '100000000001',
    policy: policy(),
    policyEtag: `etag-${++etags}`,
    exemptions: [],
    attestors: {},
    clusters: [cluster()],
    ...over,
  }
}

/** A real attestor with a P-256 key, and the hand that signs for it. */
export function attestorWithKey(over: Partial<Attestor> = {}) {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const publicKeyPem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const attestor: Attestor = {
    name: ATTESTOR,
    uid: 'attestor-uid',
    note: NOTE,
    noteUid: 'note-uid',
    publicKeys: [{ type: 'PKIX', id: 'key-1', publicKeyPem, signatureAlgorithm: 'ECDSA_P256_SHA256' }],
    ...over,
  }
  let occurrences = 0
  const attest = (digest: ImageDigest, change: Partial<UnverifiedAttestation> = {}): UnverifiedAttestation => {
    const identity = { identity: { 'docker-reference': 'registry.example.com/shop/web' }, image: { 'docker-manifest-digest': digest } }
    const serializedPayload = Buffer.from(JSON.stringify({ critical: { ...identity, type: 'Google cloud binauthz container signature' } }))
    return {
      occurrence: `projects/prod-1/occurrences/o${++occurrences}` as OccurrenceName,
      note: attestor.note,
      noteUid: attestor.noteUid,
      resourceUri: `https://registry.example.com/shop/web@${digest}`,
      serializedPayload,
      signatures: [{ publicKeyId: 'key-1', signature: sign('sha256', serializedPayload, privateKey) }],
      jwts: [],
      receivedAt: NOW - 60_000,
      ...change,
    }
  }
  return { attestor, attest, named: { state: 'PRESENT', attestor, etag: 'attestor-etag' } as const }
}

/** A Pod as an API server sends it. */
export function pod(images: readonly string[] = [IMAGE], metadata: Readonly<Record<string, unknown>> = {}) {
  return {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: { name: 'web-1', namespace: 'shop', ...metadata },
    spec: { serviceAccountName: 'web', containers: images.map((image, index) => ({ name: `c${index}`, image })) },
  }
}

export const UID = '705ab4f5-6393-11e8-b7cc-42010a800002'

/** An AdmissionReview v1 of a Pod's creation. */
export function admissionReview(over: Readonly<Record<string, unknown>> = {}) {
  const object = pod()
  return {
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: {
      uid: UID,
      kind: { group: '', version: 'v1', kind: 'Pod' },
      resource: { group: '', version: 'v1', resource: 'pods' },
      namespace: 'shop',
      name: 'web-1',
      operation: 'CREATE',
      userInfo: { username: 'alice@example.com', groups: ['system:authenticated'] },
      object,
      oldObject: null,
      dryRun: false,
      ...over,
    },
  }
}

/** An ImageReview v1alpha1. */
export function imageReview(images: readonly string[] = [IMAGE], spec: Readonly<Record<string, unknown>> = {}) {
  return {
    kind: 'ImageReview',
    apiVersion: 'imagepolicy.k8s.io/v1alpha1',
    spec: { containers: images.map((image) => ({ image })), namespace: 'shop', ...spec },
  }
}

/** A clock that stands until it is moved, and identifiers that count. */
export function stillSurroundings(start = NOW): Surroundings & { advance(ms: number): void } {
  let now = start
  let uuids = 0
  return {
    now: () => now,
    timestamp: () => formatTimestamp(now),
    uuid: () => `00000000-0000-4000-8000-${String(++uuids).padStart(12, '0')}`,
    advance: (ms) => {
      now += ms
    },
  }
}

/** A log that keeps its lines. */
export function memoryLog(): GateLog & { readonly lines: string[] } {
  const lines: string[] = []
  return { lines, info: (message) => void lines.push(`info: ${message}`), alarm: (message) => void lines.push(`alarm: ${message}`) }
}
