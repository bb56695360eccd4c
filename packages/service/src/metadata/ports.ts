import type { Timestamp } from '@countersign/core/instant.ts'
import type { NoteName, OccurrenceName, ProjectId } from '@countersign/core/name/resource-name.ts'
import type { Page, PageRequest } from '../changes/page.ts'

/** A note as stored: the Grafeas v1 message as proto3 JSON, and the columns by which it is found. */
export interface StoredNote {
  readonly name: NoteName
  readonly uid: string
  readonly project: ProjectId
  /** Kind by name: numbers from 8 on differ between the API versions. */
  readonly kind: string
  readonly body: string
  readonly etag: string
  readonly createTime: Timestamp
  readonly updateTime: Timestamp
}

export interface StoredOccurrence {
  readonly name: OccurrenceName
  readonly project: ProjectId
  readonly kind: string
  readonly note: NoteName
  /** Uid of the note at creation: a note deleted and created again inherits nothing. */
  readonly noteUid: string
  readonly resourceUri: string
  /** `sha256:…` where the resource URI ends in one. */
  readonly digest?: string
  /** SHA-256 over note uid, resource URI and details, for other kinds than attestations over the name too: a second one with the same is a conflict (409). */
  readonly contentHash: string
  /** The principal that wrote what it says now: who created it, or updated it last. Absent where it is older than this record. Never the client's to say. */
  readonly writer?: string
  readonly body: string
  readonly etag: string
  readonly createTime: Timestamp
  readonly updateTime: Timestamp
}

export interface NoteTables {
  findNote(name: NoteName): Promise<StoredNote | undefined>
  listNotes(project: ProjectId, page: PageRequest): Promise<Page<StoredNote>>
  insertNote(note: StoredNote): Promise<void>
  updateNote(note: StoredNote): Promise<void>
  deleteNote(name: NoteName): Promise<void>
}

/** What a list of occurrences is narrowed to before the filter proper runs on what is left. */
export interface OccurrenceQuery {
  /** Exactly one of the two. */
  readonly project?: ProjectId
  readonly note?: { readonly name: NoteName; readonly uid: string }
  readonly digest?: string
  readonly resourceUri?: string
  readonly kind?: string
}

export interface AttestationWeight {
  readonly count: number
  readonly bytes: number
}

export interface OccurrenceTables {
  findOccurrence(name: OccurrenceName): Promise<StoredOccurrence | undefined>
  findByContent(noteUid: string, contentHash: string): Promise<StoredOccurrence | undefined>
  /** In the order of creation. */
  listOccurrences(query: OccurrenceQuery, page: PageRequest): Promise<Page<StoredOccurrence>>
  /**
   * How many attestations hang on this note for this digest, those of one writer or of all, and how long their bodies are together, in bytes of UTF-8:
   * both are bounded.
   */
  weighAttestations(noteUid: string, digest: string, writer?: string): Promise<AttestationWeight>
  insertOccurrence(occurrence: StoredOccurrence): Promise<void>
  updateOccurrence(occurrence: StoredOccurrence): Promise<void>
  deleteOccurrence(name: OccurrenceName): Promise<void>
}
