import { type DescMessage, fromJson, type JsonValue, type MessageShape, toJson } from '@bufbuild/protobuf'
import { Grafeas, NoteSchema, OccurrenceSchema } from '@countersign/api/gen/grafeas/v1/grafeas_pb.ts'
import { serve, type ServedService } from '@countersign/api/rest/service-implementation.ts'
import type { Metadata } from './metadata.ts'
import type { CallContext } from './call-context.ts'

/** `grafeas.v1.Grafeas`: the flow's own language, so messages only change their form. */
export function serveGrafeasV1({ notes, occurrences, lists }: Metadata): ServedService<CallContext> {
  return serve(Grafeas, {
    getOccurrence: async ({ name }, { caller }) => occurrence(await occurrences.getOccurrence(caller, name)),
    listOccurrences: async ({ parent, filter, pageSize, pageToken }, { caller }) => {
      const page = await lists.listOccurrences(caller, parent, { filter, pageSize, pageToken })
      return { occurrences: page.occurrences.map(occurrence), nextPageToken: page.nextPageToken }
    },
    deleteOccurrence: async ({ name }, { caller }) => {
      await occurrences.deleteOccurrence(caller, name)
      return {}
    },
    createOccurrence: async ({ parent, occurrence: given }, { caller }) =>
      occurrence(await occurrences.createOccurrence(caller, parent, tree(OccurrenceSchema, given))),
    batchCreateOccurrences: async ({ parent, occurrences: given }, { caller }) => {
      const made = await occurrences.batchCreateOccurrences(
        caller,
        parent,
        given.map((one) => tree(OccurrenceSchema, one)),
      )
      return { occurrences: made.map(occurrence) }
    },
    updateOccurrence: async ({ name, occurrence: given, updateMask }, { caller }) =>
      occurrence(await occurrences.updateOccurrence(caller, name, { occurrence: tree(OccurrenceSchema, given), mask: updateMask?.paths ?? [] })),
    getOccurrenceNote: async ({ name }, { caller }) => note(await occurrences.getOccurrenceNote(caller, name)),
    getNote: async ({ name }, { caller }) => note(await notes.getNote(caller, name)),
    listNotes: async ({ parent, filter, pageSize, pageToken }, { caller }) => {
      const page = await lists.listNotes(caller, parent, { filter, pageSize, pageToken })
      return { notes: page.notes.map(note), nextPageToken: page.nextPageToken }
    },
    deleteNote: async ({ name }, { caller }) => {
      await notes.deleteNote(caller, name)
      return {}
    },
    createNote: async ({ parent, noteId, note: given }, { caller }) =>
      note(await notes.createNote(caller, { parent, noteId, note: tree(NoteSchema, given) })),
    batchCreateNotes: async ({ parent, notes: given }, { caller }) => {
      const trees = Object.fromEntries(Object.entries(given).map(([id, one]) => [id, tree(NoteSchema, one)]))
      return { notes: (await notes.batchCreateNotes(caller, parent, trees)).map(note) }
    },
    updateNote: async ({ name, note: given, updateMask }, { caller }) =>
      note(await notes.updateNote(caller, name, { note: tree(NoteSchema, given), mask: updateMask?.paths ?? [] })),
    listNoteOccurrences: async ({ name, filter, pageSize, pageToken }, { caller }) => {
      const page = await lists.listNoteOccurrences(caller, name, { filter, pageSize, pageToken })
      return { occurrences: page.occurrences.map(occurrence), nextPageToken: page.nextPageToken }
    },
  })
}

function tree<D extends DescMessage>(schema: D, message: MessageShape<D> | undefined): unknown {
  return message === undefined ? undefined : toJson(schema, message)
}

function note(message: unknown): MessageShape<typeof NoteSchema> {
  return fromJson(NoteSchema, message as JsonValue)
}

function occurrence(message: unknown): MessageShape<typeof OccurrenceSchema> {
  return fromJson(OccurrenceSchema, message as JsonValue)
}
