import assert from 'node:assert/strict'
import type { Attestor } from '@countersign/core/attestation/attestor.ts'
import { parseAttestorName, parseClusterKey, parseNoteName, parseOccurrenceName, parseProjectId } from '@countersign/core/name/resource-name.ts'
import type { ProjectId } from '@countersign/core/name/resource-name.ts'
import { DEFAULT_POLICY } from '@countersign/core/policy/default-policy.ts'
import type { Policy } from '@countersign/core/policy/policy.ts'
import type { StoredToken, TokenTables } from '../access/ports.ts'
import type { AuditTables } from '../audit/ports.ts'
import type { BreakGlassTables } from '../break-glass/ports.ts'
import type { Changes, ChangeWriter, Feed } from '../changes/change.ts'
import { getValue } from '../changes/invalid.ts'
import type { Page, PageRequest } from '../changes/page.ts'
import type { GateTables } from '../gates/ports.ts'
import type { NoteTables, OccurrenceTables, StoredNote, StoredOccurrence } from '../metadata/ports.ts'
import type { AttestorTables, ExemptionTables, PolicyTables, StoredAttestor, StoredExemption, StoredPolicy } from '../policy/ports.ts'
import type { Cluster, ClusterTables, Project, ProjectTables } from '../registration/ports.ts'

/** Every table that flows ask for. */
export type ContractTables = TokenTables &
  ProjectTables &
  ClusterTables &
  PolicyTables &
  AttestorTables &
  ExemptionTables &
  BreakGlassTables &
  NoteTables &
  OccurrenceTables &
  AuditTables &
  GateTables

/** An empty store, as every implementation gives it to the contract suites. */
export interface ContractStore {
  readonly changes: Changes<ContractTables>
  readonly feed: Feed
  close(): Promise<void>
}

export const TIME = '2026-01-31T12:00:00.000000Z'
export const LATER = '2026-01-31T13:00:00.000000Z'

export const project = (id: string, uid = `uid-${id}`): Project => ({
  id: getValue(parseProjectId(id)),
  uid,
  // The contract wants numbers to differ, as ids do.
  number: String(100_000_000_000 + (Buffer.from(id + uid).reduce((sum, byte) => sum * 31 + byte, 7) % 899_999_999_999)),
  createTime: TIME,
})

export const cluster = (owner: string, key: string): Cluster => ({
  project: getValue(parseProjectId(owner)),
  key: getValue(parseClusterKey(key)),
  uid: `uid-${owner}-${key}`,
  trustDomain: `${owner}.svc.id.goog`,
  segment: `segment-${owner}-${key}`,
  settings: { workloads: 'warn', imagePaths: ['tekton'], knative: true, pinTags: false },
  createTime: TIME,
})

export const note = (name: string, over: Partial<StoredNote> = {}): StoredNote => ({
  name: getValue(parseNoteName(name)),
  uid: `uid-${name}`,
  project: ownerOf(name),
  kind: 'ATTESTATION',
  body: `{"name":"${name}"}`,
  etag: '"1"',
  createTime: TIME,
  updateTime: TIME,
  ...over,
})

export const occurrence = (name: string, on: StoredNote, over: Partial<StoredOccurrence> = {}): StoredOccurrence => ({
  name: getValue(parseOccurrenceName(name)),
  project: ownerOf(name),
  kind: 'ATTESTATION',
  note: on.name,
  noteUid: on.uid,
  resourceUri: `https://registry.example/app@${DIGEST}`,
  digest: DIGEST,
  contentHash: `hash of ${name}`,
  body: '{"kind":"ATTESTATION"}',
  etag: '"1"',
  createTime: TIME,
  updateTime: TIME,
  ...over,
})

export const DIGEST = `sha256:${'a'.repeat(64)}`
export const OTHER_DIGEST = `sha256:${'b'.repeat(64)}`

export const attestor = (name: string, over: Partial<Attestor> = {}, etag = '"1"'): StoredAttestor => ({
  attestor: {
    name: getValue(parseAttestorName(name)),
    uid: `uid-${name}`,
    note: getValue(parseNoteName('projects/p1/notes/n')),
    noteUid: 'uid-projects/p1/notes/n',
    publicKeys: [{ type: 'PKIX', id: 'key-1', publicKeyPem: 'PEM', signatureAlgorithm: 'ECDSA_P256_SHA256' }],
    ...over,
  },
  etag,
  updateTime: TIME,
})

export const policy = (owner: string, etag: string, over: Partial<Policy> = {}): StoredPolicy => ({
  project: getValue(parseProjectId(owner)),
  policy: { ...DEFAULT_POLICY, ...over },
  etag,
  updateTime: TIME,
})

/** A default rule that requires this attestor. */
export const requiring = (name: string): Pick<Policy, 'defaultAdmissionRule'> => ({
  defaultAdmissionRule: {
    evaluationMode: 'REQUIRE_ATTESTATION',
    requireAttestationsBy: [getValue(parseAttestorName(name))],
    enforcementMode: 'ENFORCED_BLOCK_AND_AUDIT_LOG',
  },
})

export const exemption = (owner: string, id: string): StoredExemption => ({
  project: getValue(parseProjectId(owner)),
  exemption: { id, subject: { pattern: 'registry.example/*' }, namespace: 'trial', owner: 'ann', reason: 'a trial', expiresAt: 1_800_000_000_000 },
  createTime: TIME,
  creator: 'token:admin',
})

export const token = (id: string, over: Partial<StoredToken> = {}): StoredToken => ({
  id,
  secretHash: 'ab'.repeat(32),
  displayName: `token ${id}`,
  role: 'viewer',
  notes: [],
  createTime: TIME,
  ...over,
})

/** Records a change of a project as flows do; gives its position. */
export async function recordChange(tables: ChangeWriter, id: string, time = TIME): Promise<number> {
  const owner = getValue(parseProjectId(id))
  const name = `projects/${id}`
  return await tables.recordChange(
    { project: owner, kind: 'PROJECT', name, operation: 'CREATE' },
    { project: owner, methodName: 'countersign.v1.Projects.CreateProject', resourceName: name, principal: 'token:admin', permissions: [], time },
  )
}

/** Reads a list to its end in pages of this size; each page but the last must be full. */
export async function readAll<T>(list: (page: PageRequest) => Promise<Page<T>>, pageSize: number): Promise<readonly T[]> {
  const items: T[] = []
  let page: PageRequest | undefined = { pageSize }
  while (page !== undefined) {
    const { items: part, next }: Page<T> = await list(page)
    assert(next === undefined ? part.length <= pageSize : part.length === pageSize)
    items.push(...part)
    page = next === undefined ? undefined : { pageSize, after: next }
  }
  return items
}

function ownerOf(name: string): ProjectId {
  return getValue(parseProjectId(name.split('/')[1] ?? ''))
}
