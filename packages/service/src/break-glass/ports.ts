import type { BreakGlassSettings } from '@countersign/core/break-glass/settings.ts'
import type { Instant, Timestamp } from '@countersign/core/instant.ts'
import type { ClusterKey, ProjectId } from '@countersign/core/name/resource-name.ts'
import type { Exemption } from '@countersign/core/policy/exemption.ts'
import type { Page, PageRequest } from '../changes/page.ts'

/** A project's settings, and the key pair with which its tokens are sealed. */
export interface StoredBreakGlass {
  readonly project: ProjectId
  readonly settings: BreakGlassSettings
  readonly etag: string
  readonly updateTime: Timestamp
  /** Ed25519: the DER of SPKI and of PKCS#8, in base64. The private half is a credential, like a cluster's segment. */
  readonly publicKey: string
  readonly privateKey: string
}

/** Somebody's wish to break the glass, and what became of it. Its token is sealed anew whenever it is shown. */
export interface StoredGrant {
  readonly project: ProjectId
  readonly id: string
  readonly cluster: ClusterKey
  readonly namespace: string
  readonly subject: Exemption['subject']
  /** `apps/v1/Deployment/web`: for this workload and its Pods alone. */
  readonly workload?: string
  readonly lifetimeMs: number
  readonly justification: string
  readonly requester: string
  readonly requestTime: Timestamp
  readonly approval?: { readonly by: string; readonly time: Timestamp; readonly notBefore: Instant; readonly expiresAt: Instant }
  readonly revocation?: { readonly by: string; readonly time: Timestamp }
}

export interface BreakGlassTables {
  /** Undefined where nobody said anything and nothing was approved: the mark counts, as the original's. */
  findBreakGlass(project: ProjectId): Promise<StoredBreakGlass | undefined>
  putBreakGlass(stored: StoredBreakGlass): Promise<void>
  findGrant(project: ProjectId, id: string): Promise<StoredGrant | undefined>
  listGrants(project: ProjectId, page: PageRequest): Promise<Page<StoredGrant>>
  /** Inserts or replaces. */
  putGrant(grant: StoredGrant): Promise<void>
  /** How many grants somebody asked for since. */
  countAsked(project: ProjectId, requester: string, since: Timestamp): Promise<number>
  /** Revokes every grant for the cluster that is not revoked yet, approved or not. */
  revokeGrantsOf(project: ProjectId, cluster: ClusterKey, revocation: NonNullable<StoredGrant['revocation']>): Promise<void>
}
