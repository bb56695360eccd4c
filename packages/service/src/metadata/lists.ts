import type { Filter } from '@countersign/api/filter/filter.ts'
import { parseResourceFilter } from '@countersign/api/filter/filter.ts'
import type { ProjectId } from '@countersign/core/name/resource-name.ts'
import type { Caller } from '../access/caller.ts'
import { requirePermission } from '../access/permission.ts'
import type { Changes } from '../changes/change.ts'
import { listMatching, type Matching } from '../changes/matching.ts'
import { getValue } from '../changes/invalid.ts'
import type { KnownProjects } from '../changes/known-project.ts'
import { getProject } from '../changes/known-project.ts'
import type { PageAsked, PageTokens } from '../changes/page-token.ts'
import { acceptPage } from '../changes/page-token.ts'
import { acceptNoteName, acceptOwner } from './names.ts'
import type { Page, PageRequest } from '../changes/page.ts'
import { filterFieldsOf, narrow } from './filter-fields.ts'
import type { Message } from './message.ts'
import type { NoteTables, OccurrenceQuery, OccurrenceTables } from './ports.ts'
import { messageOf } from './stored-message.ts'

export interface ListAsked extends PageAsked {
  readonly filter?: string
}

/** May give fewer than a page, or none, with a token: the filter then found nothing so far. */
export interface ListedNotes {
  readonly notes: readonly Message[]
  readonly nextPageToken: string
}

/** Likewise. */
export interface ListedOccurrences {
  readonly occurrences: readonly Message[]
  readonly nextPageToken: string
}

/** Occurrences, each with the principal that wrote what it says now; without one where the store does not know. */
export interface ListedEvidence {
  readonly evidence: readonly { readonly occurrence: Message; readonly writer?: string }[]
  readonly nextPageToken: string
}

/** Lists of notes and occurrences, with real filters (kritis-and-grafeas.md §4.8). */
export interface MetadataLists {
  /** `parent` is `projects/P`, whole: `p1` never shows what is in `p12`. */
  listNotes(caller: Caller, parent: string, asked: ListAsked): Promise<ListedNotes>
  listOccurrences(caller: Caller, parent: string, asked: ListAsked): Promise<ListedOccurrences>
  /** The same list, and who wrote each: what a signing policy that names identities is judged by. */
  listEvidence(caller: Caller, parent: string, asked: ListAsked): Promise<ListedEvidence>
  /** What hangs on a note, of whatever project. Nothing for a note that is absent: kritis asks before it first creates it. */
  listNoteOccurrences(caller: Caller, name: string, asked: ListAsked): Promise<ListedOccurrences>
}

export interface ListPorts {
  readonly changes: Pick<Changes<NoteTables & OccurrenceTables & KnownProjects>, 'read'>
  readonly pageTokens: PageTokens
}

/** Makes the part of the metadata flow that lists. */
export function makeMetadataLists(ports: ListPorts): MetadataLists {
  return {
    listNotes: (caller, parent, asked) => listNotes(ports, caller, { parent, asked }),
    listOccurrences: (caller, parent, asked) => listOccurrences(ports, caller, { parent, asked }),
    listEvidence: (caller, parent, asked) => listEvidence(ports, caller, { parent, asked }),
    listNoteOccurrences: (caller, name, asked) => listNoteOccurrences(ports, caller, { name, asked }),
  }
}

interface Listing {
  readonly filter: Filter
  readonly page: PageRequest
  readonly seal: (next: string | undefined) => string
}

function acceptListing(ports: ListPorts, scope: readonly string[], asked: ListAsked): Listing {
  const filter = asked.filter ?? ''
  const whole = [...scope, filter]
  const parsed = getValue(parseResourceFilter(filter), 'Filter is not valid')
  return { filter: parsed, page: acceptPage(ports.pageTokens, whole, asked), seal: (next) => ports.pageTokens.seal(whole, next) }
}

async function listNotes(
  ports: ListPorts,
  caller: Caller,
  { parent, asked }: { readonly parent: string; readonly asked: ListAsked },
): Promise<ListedNotes> {
  const project = acceptOwner(parent)
  requirePermission(caller, 'containeranalysis.notes.list', `projects/${project}`)
  const { filter, page, seal } = acceptListing(ports, ['ListNotes', caller.principal, project], asked)
  const { items, next } = await ports.changes.read(async (tables) => {
    await getProject(tables, project)
    return await listMatching(page, { list: (part) => tables.listNotes(project, part), ...selectBy(filter) })
  })
  return { notes: items, nextPageToken: seal(next) }
}

async function listOccurrences(
  ports: ListPorts,
  caller: Caller,
  { parent, asked }: { readonly parent: string; readonly asked: ListAsked },
): Promise<ListedOccurrences> {
  const { evidence, nextPageToken } = await listEvidence(ports, caller, { parent, asked })
  return { occurrences: evidence.map(({ occurrence }) => occurrence), nextPageToken }
}

async function listEvidence(
  ports: ListPorts,
  caller: Caller,
  { parent, asked }: { readonly parent: string; readonly asked: ListAsked },
): Promise<ListedEvidence> {
  const project = acceptOwner(parent)
  requirePermission(caller, 'containeranalysis.occurrences.list', `projects/${project}`)
  const { filter, page, seal } = acceptListing(ports, ['ListOccurrences', caller.principal, project], asked)
  const { items, next } = await ports.changes.read(async (tables) => await listOfProject(tables, project, { filter, page }))
  return { evidence: items, nextPageToken: seal(next) }
}

async function listOfProject(
  tables: OccurrenceTables & KnownProjects,
  project: ProjectId,
  { filter, page }: { readonly filter: Filter; readonly page: PageRequest },
): Promise<Page<ListedEvidence['evidence'][number]>> {
  await getProject(tables, project)
  const query: OccurrenceQuery = { project, ...narrow(filter) }
  const { lengthOf, select } = selectBy(filter)
  return await listMatching(page, {
    list: (part) => tables.listOccurrences(query, part),
    lengthOf,
    select: (stored) => {
      const occurrence = select(stored)
      return occurrence && { occurrence, ...(stored.writer === undefined ? {} : { writer: stored.writer }) }
    },
  })
}

async function listNoteOccurrences(
  ports: ListPorts,
  caller: Caller,
  { name: text, asked }: { readonly name: string; readonly asked: ListAsked },
): Promise<ListedOccurrences> {
  const name = acceptNoteName(text)
  requirePermission(caller, 'containeranalysis.notes.listOccurrences', name)
  const { filter, page, seal } = acceptListing(ports, ['ListNoteOccurrences', caller.principal, name], asked)
  const { items, next } = await ports.changes.read(async (tables): Promise<Page<Message>> => {
    const note = await tables.findNote(name)
    if (note === undefined) return { items: [] }
    const query: OccurrenceQuery = { note: { name, uid: note.uid }, ...narrow(filter) }
    return await listMatching(page, { list: (part) => tables.listOccurrences(query, part), ...selectBy(filter) })
  })
  return { occurrences: items, nextPageToken: seal(next) }
}

function selectBy(filter: Filter): Omit<Matching<{ readonly name: string; readonly body: string }, Message>, 'list'> {
  return {
    lengthOf: ({ body }) => body.length,
    select: (stored) => {
      const message = messageOf(stored)
      return filter.matches(filterFieldsOf(message)) ? message : undefined
    },
  }
}
