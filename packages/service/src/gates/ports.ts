import type { ClusterKey, ProjectId } from '@countersign/core/name/resource-name.ts'
import type { Timestamp } from '@countersign/core/instant.ts'

/** A record of a gate's chain, as it ships it: `canonical` is the exact text that was hashed. */
export interface GateRecord {
  readonly writer: string
  /** From 1 on, without gaps. */
  readonly sequence: number
  readonly previousHash: string
  readonly hash: string
  readonly canonical: string
}

/** Takes records into their writer's chain. */
export interface RecordTaker {
  /** Stores what is not there yet; gives the highest sequence stored without a gap. DATA_LOSS where a record does not continue the chain. */
  acceptDecisions(writer: string, records: readonly GateRecord[]): Promise<number>
}

/** What a gate that stands alone says of itself; shown, never decided by. */
export interface GateReport {
  readonly displayName: string
  readonly version: string
  /** Feed position up to which it has applied everything, and the etag of the policy that it enforces. */
  readonly position: number
  readonly policyEtag: string
  readonly staleForMs: number
  /** Records in its spool that the store does not have yet. */
  readonly unshipped: number
  readonly counters: Readonly<Record<string, number>>
}

/** A writer of decisions outside the server: whose it is, and how it last said that it stands. */
export interface StoredGate {
  readonly writer: string
  /** Id of the token that it belongs to. */
  readonly token: string
  readonly project: ProjectId
  readonly cluster: ClusterKey
  readonly clusterUid: string
  readonly report: GateReport
  readonly seenTime: Timestamp
}

export interface GateTables {
  findGate(writer: string): Promise<StoredGate | undefined>
  /** How many writers a cluster ever had. */
  countGates(clusterUid: string): Promise<number>
  /** Those heard of since, the newest thousand at most. */
  listGates(seenSince: Timestamp): Promise<readonly StoredGate[]>
  putGate(gate: StoredGate): Promise<void>
  /** Whether the audit log has a chain of this writer. */
  hasChain(writer: string): Promise<boolean>
}
