import type { Attestor } from '@countersign/core/attestation/attestor.ts'
import type { UnverifiedAttestation } from '@countersign/core/attestation/attestation.ts'
import type { ImageDigest } from '@countersign/core/image/reference.ts'
import type { Timestamp } from '@countersign/core/instant.ts'
import type { AttestorName, ClusterKey, NoteName, ProjectId } from '@countersign/core/name/resource-name.ts'
import type { BreakGlassSettings } from '@countersign/core/break-glass/settings.ts'
import type { Exemption } from '@countersign/core/policy/exemption.ts'
import type { ClusterSettings } from '@countersign/core/workload/cluster-settings.ts'
import type { Policy } from '@countersign/core/policy/policy.ts'

/** A registered cluster, found by the unguessable segment of its webhook URL. */
export interface RegisteredCluster {
  readonly project: ProjectId
  readonly key: ClusterKey
  readonly uid: string
  readonly trustDomain: string
  readonly segment: string
  /** Absent: nothing beside Pods was asked for. */
  readonly settings?: ClusterSettings
}

/** An attestor that some policy names, as the deciding project may see it. */
export type NamedAttestor =
  | { readonly state: 'PRESENT'; readonly attestor: Attestor; readonly etag: string }
  | { readonly state: 'ABSENT' }
  | { readonly state: 'NOT_GRANTED' }

/** Everything about one project that a decision depends on, but for evidence. */
export interface ProjectWorld {
  readonly project: ProjectId
  readonly number: string
  readonly policy: Policy
  readonly policyEtag: string
  readonly policyUpdateTime?: Timestamp
  readonly exemptions: readonly Exemption[]
  readonly attestors: Readonly<Record<AttestorName, NamedAttestor>>
  readonly clusters: readonly RegisteredCluster[]
  /** Absent where nobody ever said anything of it: the mark counts, as the original's. */
  readonly breakGlass?: BreakGlassWorld
}

/** How a project's clusters take the break-glass mark, and what tokens are verified with. */
export interface BreakGlassWorld {
  readonly settings: BreakGlassSettings
  /** Ed25519, the DER of its SPKI in base64; empty where no token was ever approved. */
  readonly publicKey: string
  /** Ids of grants whose tokens would still count. */
  readonly revoked: readonly string[]
}

/** A row of the change feed, as far as a gate follows it. */
export interface ChangeNotice {
  readonly position: number
  readonly project: ProjectId
  /** OCCURRENCE rows (what is no attestation) and TOKEN rows concern no decision; they are there so that a follower reaches the feed's head. */
  readonly kind: 'PROJECT' | 'CLUSTER' | 'POLICY' | 'EXEMPTION' | 'BREAK_GLASS' | 'ATTESTOR' | 'NOTE' | 'ATTESTATION' | 'OCCURRENCE' | 'TOKEN'
  readonly name: string
  readonly note?: string
  readonly digest?: string
}

/** Where a gate learns what holds: the server's store, or later a centre over the network. */
export interface WorldSource {
  /** All projects, consistent at `position`. */
  loadWorld(): Promise<{ readonly position: number; readonly projects: readonly ProjectWorld[] }>
  /** One project anew; undefined where it was deleted. */
  loadProject(project: ProjectId): Promise<{ readonly position: number; readonly world: ProjectWorld | undefined }>
  /** Feed rows after `position`, in order. */
  changesAfter(position: number): Promise<readonly ChangeNotice[]>
  /** All attestations under a note for a digest, and the feed position at which that was all. */
  findAttestations(
    note: NoteName,
    noteUid: string,
    digest: ImageDigest,
  ): Promise<{ readonly position: number; readonly attestations: readonly UnverifiedAttestation[] }>
}

/** Takes the gate's records into the store: at least once, deduplicated by (writer, sequence). */
export interface RecordSink {
  /** Gives the highest sequence that is now stored without a gap. */
  ship(writer: string, records: readonly SpoolRecord[]): Promise<number>
}

/** One decision as spooled: the exact canonical text, chained by hash to the one before it. What it is filed under stands in the text alone. */
export interface SpoolRecord {
  readonly sequence: number
  readonly previousHash: string
  readonly hash: string
  readonly canonical: string
}
