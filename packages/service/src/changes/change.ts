import type { ProjectId } from '@countersign/core/name/resource-name.ts'
import type { Timestamp } from '@countersign/core/instant.ts'

/**
 * What a change feed row is about. ATTESTATION rows carry the digest, so that a follower forgets exactly what changed; OCCURRENCE is
 * every other kind of occurrence, which no decision depends on, and whose digest tells who waits for a scan that something came.
 */
export type ChangedKind =
  | 'PROJECT'
  | 'CLUSTER'
  | 'POLICY'
  | 'EXEMPTION'
  | 'BREAK_GLASS'
  | 'ATTESTOR'
  | 'NOTE'
  | 'ATTESTATION'
  | 'OCCURRENCE'
  | 'TOKEN'
export type ChangeOperation = 'CREATE' | 'UPDATE' | 'DELETE'

/** One change, before it has a position. */
export interface Change {
  readonly project: ProjectId
  readonly kind: ChangedKind
  readonly name: string
  readonly etag?: string
  readonly operation: ChangeOperation
  /** For ATTESTATION and OCCURRENCE: the note it hangs on and the image digest it is about. */
  readonly note?: string
  readonly digest?: string
}

/** A row of the change feed. Positions are taken in commit order, so a follower never skips a late one (DESIGN §6). */
export interface FeedRow extends Change {
  readonly position: number
}

/** Who changed what by which method: the audit record of a change, written in the transaction of the change. */
export interface ChangeRecord {
  readonly project: ProjectId
  /** Full gRPC name: `google.cloud.binaryauthorization.v1.BinauthzManagementServiceV1.UpdatePolicy`. */
  readonly methodName: string
  readonly resourceName: string
  /** The caller's principal, such as `token:admin` or an e-mail address. */
  readonly principal: string
  readonly permissions: readonly { readonly permission: string; readonly resource: string; readonly granted: boolean }[]
  /** What was asked and what came of it, free of secrets, as plain JSON. */
  readonly request?: unknown
  readonly response?: unknown
  readonly time: Timestamp
}

/** Written beside every change; a change without its record and its feed row cannot be committed. */
export interface ChangeWriter {
  /** Appends to the hash chain of this server's writer and to the feed, and gives the feed position. */
  recordChange(change: Change, record: ChangeRecord): Promise<number>
}

/**
 * The one write path: a change, its audit record and its feed row are one transaction, or none.
 * `Tables` is what a flow needs to read and write.
 */
export interface Changes<Tables> {
  /** A consistent view for reading. */
  read<R>(work: (tables: Tables) => Promise<R>): Promise<R>
  /** Runs `work` in one writing transaction; what it throws rolls everything back. Resolves after the commit is durable. */
  commit<R>(work: (tables: Tables & ChangeWriter) => Promise<R>): Promise<R>
}

/** The change feed, for followers. */
export interface Feed {
  /** Rows after `position`, in order, at most `limit`. */
  after(position: number, limit: number): Promise<readonly FeedRow[]>
  head(): Promise<number>
}

/** A clock and a source of identifiers, as arguments: flows never reach for them. */
export interface Surroundings {
  /** Milliseconds since 1970. */
  now(): number
  /** RFC 3339, UTC, microseconds. */
  timestamp(): Timestamp
  /** A random version 4 UUID. */
  uuid(): string
  /** `bytes` random bytes. */
  random(bytes: number): Uint8Array
}
