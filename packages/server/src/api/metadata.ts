import type { MetadataLists } from '@countersign/service/metadata/lists.ts'
import type { Notes } from '@countersign/service/metadata/notes.ts'
import type { Occurrences } from '@countersign/service/metadata/occurrences.ts'
import type { SummarizeVulnerabilities } from '@countersign/service/metadata/summary.ts'

/** The metadata flow, whole: what both versions of the Grafeas API are served from. */
export interface Metadata {
  readonly notes: Notes
  readonly occurrences: Occurrences
  readonly lists: MetadataLists
  readonly summarize: SummarizeVulnerabilities
}
