import { enumFromJson, fromJson, type JsonValue, type MessageShape, toJson } from '@bufbuild/protobuf'
import { downgradeNote, upgradeNote, upgradeNoteMask } from '@countersign/api/convert/note.ts'
import { downgradeOccurrence, upgradeOccurrence, upgradeOccurrenceMask } from '@countersign/api/convert/occurrence.ts'
import {
  GrafeasV1Beta1,
  type Note as NoteV1Beta1,
  type NoteSchema as NoteV1Beta1Schema,
  type Occurrence as OccurrenceV1Beta1,
  type OccurrenceSchema as OccurrenceV1Beta1Schema,
} from '@countersign/api/gen/google/devtools/containeranalysis/v1beta1/grafeas/grafeas_pb.ts'
import { SeveritySchema } from '@countersign/api/gen/google/devtools/containeranalysis/v1beta1/vulnerability/vulnerability_pb.ts'
import { NoteSchema, OccurrenceSchema } from '@countersign/api/gen/grafeas/v1/grafeas_pb.ts'
import { serve, type ServedService } from '@countersign/api/rest/service-implementation.ts'
import type { SeverityCount } from '@countersign/service/metadata/summary.ts'
import type { CallContext } from './call-context.ts'
import type { Metadata } from './metadata.ts'

/** `grafeas.v1beta1.GrafeasV1Beta1` in Google's shapes: what kritis and older clients speak, over the same data as v1. */
export function serveGrafeasV1Beta1({ notes, occurrences, lists, summarize }: Metadata): ServedService<CallContext> {
  return serve(GrafeasV1Beta1, {
    getOccurrence: async ({ name }, { caller }) => writeOccurrence(await occurrences.getOccurrence(caller, name)),
    listOccurrences: async ({ parent, filter, pageSize, pageToken }, { caller }) => {
      const page = await lists.listOccurrences(caller, parent, { filter, pageSize, pageToken })
      return { occurrences: page.occurrences.map(writeOccurrence), nextPageToken: page.nextPageToken }
    },
    deleteOccurrence: async ({ name }, { caller }) => {
      await occurrences.deleteOccurrence(caller, name)
      return {}
    },
    createOccurrence: async ({ parent, occurrence }, { caller }) =>
      writeOccurrence(await occurrences.createOccurrence(caller, parent, readOccurrence(occurrence))),
    batchCreateOccurrences: async ({ parent, occurrences: given }, { caller }) => {
      const made = await occurrences.batchCreateOccurrences(caller, parent, given.map(readOccurrence))
      return { occurrences: made.map(writeOccurrence) }
    },
    updateOccurrence: async ({ name, occurrence, updateMask }, { caller }) => {
      const change = { occurrence: readOccurrence(occurrence), mask: upgradeOccurrenceMask(updateMask?.paths ?? []) }
      return writeOccurrence(await occurrences.updateOccurrence(caller, name, change))
    },
    getOccurrenceNote: async ({ name }, { caller }) => writeNote(await occurrences.getOccurrenceNote(caller, name)),
    getNote: async ({ name }, { caller }) => writeNote(await notes.getNote(caller, name)),
    listNotes: async ({ parent, filter, pageSize, pageToken }, { caller }) => {
      const page = await lists.listNotes(caller, parent, { filter, pageSize, pageToken })
      return { notes: page.notes.map(writeNote), nextPageToken: page.nextPageToken }
    },
    deleteNote: async ({ name }, { caller }) => {
      await notes.deleteNote(caller, name)
      return {}
    },
    createNote: async ({ parent, noteId, note }, { caller }) => writeNote(await notes.createNote(caller, { parent, noteId, note: readNote(note) })),
    batchCreateNotes: async ({ parent, notes: given }, { caller }) => {
      const trees = Object.fromEntries(Object.entries(given).map(([id, note]) => [id, readNote(note)]))
      return { notes: (await notes.batchCreateNotes(caller, parent, trees)).map(writeNote) }
    },
    updateNote: async ({ name, note, updateMask }, { caller }) => {
      const change = { note: readNote(note), mask: upgradeNoteMask(updateMask?.paths ?? []) }
      return writeNote(await notes.updateNote(caller, name, change))
    },
    listNoteOccurrences: async ({ name, filter, pageSize, pageToken }, { caller }) => {
      const page = await lists.listNoteOccurrences(caller, name, { filter, pageSize, pageToken })
      return { occurrences: page.occurrences.map(writeOccurrence), nextPageToken: page.nextPageToken }
    },
    getVulnerabilityOccurrencesSummary: async ({ parent, filter }, { caller }) => {
      const counts = await summarize(caller, parent, filter)
      return { counts: counts.map(writeCount) }
    },
  })
}

function readNote(note: NoteV1Beta1 | undefined): unknown {
  return note === undefined ? undefined : toJson(NoteSchema, upgradeNote(note))
}

function writeNote(tree: unknown): MessageShape<typeof NoteV1Beta1Schema> {
  return downgradeNote(fromJson(NoteSchema, tree as JsonValue))
}

function readOccurrence(occurrence: OccurrenceV1Beta1 | undefined): unknown {
  return occurrence === undefined ? undefined : toJson(OccurrenceSchema, upgradeOccurrence(occurrence))
}

function writeOccurrence(tree: unknown): MessageShape<typeof OccurrenceV1Beta1Schema> {
  return downgradeOccurrence(fromJson(OccurrenceSchema, tree as JsonValue))
}

function writeCount({ resourceUri, severity, fixableCount, totalCount }: SeverityCount) {
  return {
    resource: { uri: resourceUri },
    severity: enumFromJson(SeveritySchema, severity),
    fixableCount: BigInt(fixableCount),
    totalCount: BigInt(totalCount),
  }
}
