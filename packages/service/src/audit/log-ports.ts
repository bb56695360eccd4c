import type { CheckpointSigner } from '@countersign/evidence/log/checkpoint.ts'
import type { Segment } from '@countersign/evidence/log/segment.ts'
import type { Changes } from '../changes/change.ts'
import type { Page, PageRequest } from '../changes/page.ts'

/** Which records stand in the Merkle log, and where. */
export interface LogTables {
  /** In the order of their start. */
  listSegments(page: PageRequest): Promise<Page<Segment>>
  /** For each writer, in the order of their names, the records that its chain has and the log has not. */
  listUnsealed(): Promise<readonly Omit<Segment, 'start'>[]>
  insertSegment(segment: Segment): Promise<void>
  /** The hashes of a writer's records from one sequence to another; fewer where some are not there. */
  listHashes(records: Omit<Segment, 'start'>): Promise<readonly string[]>
}

/** Where checkpoints are published: outside of the database. */
export interface CheckpointShelf {
  /** The newest note that was put there. */
  last(): string | undefined
  /** Puts a note there for good; throws where it cannot. */
  append(note: string): void
}

export interface LogPorts {
  readonly changes: Pick<Changes<LogTables>, 'read' | 'commit'>
  readonly shelf: CheckpointShelf
  readonly signer: CheckpointSigner
}
