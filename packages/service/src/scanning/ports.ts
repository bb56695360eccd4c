/** A note or an occurrence as JSON of Grafeas v1. */
export type StoredTree = Readonly<Record<string, unknown>>

/** Where a scan is told: any Container Analysis. Names are full. */
export interface ScanStore {
  /** Undefined where there is none. */
  findNote(name: string): Promise<StoredTree | undefined>
  createNote(name: string, note: StoredTree): Promise<void>
  updateNote(name: string, note: StoredTree): Promise<void>
  /** What is stored in the project about exactly this resource, of one kind. */
  listOccurrences(project: string, resourceUri: string, kind: 'DISCOVERY' | 'PACKAGE' | 'VULNERABILITY'): Promise<readonly StoredTree[]>
  createOccurrences(project: string, occurrences: readonly StoredTree[]): Promise<readonly StoredTree[]>
  updateOccurrence(name: string, occurrence: StoredTree): Promise<void>
  deleteOccurrence(name: string): Promise<void>
}
