import type { Attestor } from '@countersign/core/attestation/attestor.ts'
import type { Timestamp } from '@countersign/core/instant.ts'
import type { ProjectId } from '@countersign/core/name/resource-name.ts'
import type { Policy } from '@countersign/core/policy/policy.ts'
import type { Page, PageRequest } from '../changes/page.ts'

/** A record of a writer's hash chain, as the writer made it: `canonical` is the exact text that was hashed. */
export interface ChainRecord {
  /** The gate or server that wrote it; each has its own chain. */
  readonly writer: string
  /** From 1 on, without gaps. */
  readonly sequence: number
  readonly previousHash: string
  readonly hash: string
  readonly canonical: string
}

/** A chain record beside the columns by which it is found. */
export interface AuditRow extends ChainRecord {
  readonly project: ProjectId
  readonly time: Timestamp
  /** The receipt's digest, for a decision. */
  readonly receiptDigest?: string
}

export interface AuditTables {
  /** Newest first or oldest first; the page key is opaque. */
  listAudit(query: AuditQuery, page: PageRequest): Promise<Page<AuditRow>>
  /** One writer's records in order. */
  listChain(writer: string, page: PageRequest): Promise<Page<AuditRow>>
  listWriters(): Promise<readonly { readonly writer: string; readonly sequence: number; readonly hash: string }[]>
  findByReceipt(project: ProjectId, receiptDigest: string): Promise<AuditRow | undefined>
}

export interface AuditQuery {
  readonly project: ProjectId
  readonly order: 'NEWEST_FIRST' | 'OLDEST_FIRST'
  readonly from?: Timestamp
  readonly until?: Timestamp
}

/** Takes what gates ship: at least once, deduplicated by (writer, sequence). */
export interface DecisionSink {
  /**
   * Stores the records in one transaction, filed under what their own texts say, and gives the highest sequence that is now stored without a gap.
   * DATA_LOSS where one does not continue the writer's chain, or has the place of another.
   */
  acceptDecisions(writer: string, records: readonly ChainRecord[]): Promise<number>
}

/** The versions that receipts name, kept for ever. */
export interface KeptVersions {
  findPolicyVersion(project: ProjectId, etag: string): Promise<{ readonly policy: Policy } | undefined>
  /** By uid: even of an attestor that was deleted since. */
  findAttestorVersion(uid: string, etag: string): Promise<{ readonly attestor: Attestor } | undefined>
}
