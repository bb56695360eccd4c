import { parseNoteName, projectOf } from '@countersign/core/name/resource-name.ts'
import type { NoteName, ProjectId } from '@countersign/core/name/resource-name.ts'
import { quote } from '@countersign/core/quote.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { Caller } from '../access/caller.ts'
import type { Grant } from '../access/permission.ts'
import { requirePermission } from '../access/permission.ts'
import type { ChangeOperation, Changes, ChangeWriter, Surroundings } from '../changes/change.ts'
import { newEtag } from '../changes/etag.ts'
import { getValue } from '../changes/invalid.ts'
import type { KnownProjects } from '../changes/known-project.ts'
import { getProject } from '../changes/known-project.ts'
import { acceptNoteName, acceptOwner } from './names.ts'
import { writeChange } from '../changes/write-change.ts'
import { membersOfKind } from './kind.ts'
import type { Message } from './message.ts'
import { isMessage } from './message.ts'
import type { NoteBody } from './note-body.ts'
import { acceptNoteBody, findNoteFaults } from './note-body.ts'
import type { NoteTables, StoredNote } from './ports.ts'
import { messageOf } from './stored-message.ts'
import type { UpdateRules } from './update-mask.ts'
import { mergePaths, refuseImmutable, updatedPaths } from './update-mask.ts'

const SERVICE = 'grafeas.v1.Grafeas'
const MAX_BATCH = 1000
const WRITABLE = ['shortDescription', 'longDescription', 'relatedUrl', 'expirationTime', 'relatedNoteNames'] as const

export interface NoteCreation {
  /** `projects/P` */
  readonly parent: string
  readonly noteId: string
  readonly note: unknown
}

/** Notes. Messages are Grafeas v1 as proto3 JSON; order of checks: name, access, request, content, store (kritis-and-grafeas.md §4.6). */
export interface Notes {
  createNote(caller: Caller, creation: NoteCreation): Promise<Message>
  /** All or none; `notes` by note id. */
  batchCreateNotes(caller: Caller, parent: string, notes: Readonly<Record<string, unknown>>): Promise<readonly Message[]>
  getNote(caller: Caller, name: string): Promise<Message>
  /** `mask` as in AIP-134: empty for the members that the body holds. A note stays of its kind. */
  updateNote(caller: Caller, name: string, change: { readonly note: unknown; readonly mask: readonly string[] }): Promise<Message>
  /** What hung on the note hangs on nothing from then on, even if a note of this name is created again. */
  deleteNote(caller: Caller, name: string): Promise<void>
}

export interface NotePorts {
  readonly changes: Changes<NoteTables & KnownProjects>
  readonly surroundings: Surroundings
}

/** Makes the part of the metadata flow that writes notes. */
export function makeNotes(ports: NotePorts): Notes {
  return {
    createNote: (caller, creation) => createNote(ports, caller, creation),
    batchCreateNotes: (caller, parent, notes) => batchCreateNotes(ports, caller, { parent, notes }),
    getNote: (caller, name) => getNote(ports, caller, name),
    updateNote: (caller, name, change) => updateNote(ports, caller, { name, ...change }),
    deleteNote: (caller, name) => deleteNote(ports, caller, name),
  }
}

async function createNote(ports: NotePorts, caller: Caller, creation: NoteCreation): Promise<Message> {
  const project = acceptOwner(creation.parent)
  const grant = requirePermission(caller, 'containeranalysis.notes.create', `projects/${project}`)
  const name = acceptNoteId(project, creation.noteId)
  if (!isMessage(creation.note)) throw new StatusError('INVALID_ARGUMENT', 'a note must be specified')
  const faults = findNoteFaults(creation.note)
  if (faults.length > 0) throw new StatusError('INVALID_ARGUMENT', `note is invalid: [${faults.join(' ')}]`)
  const stored = newNote(ports, name, acceptNoteBody(creation.note))
  return await ports.changes.commit(async (tables) => {
    await getProject(tables, project)
    await insert(tables, stored)
    await record(ports, tables, { caller, grant, note: stored, method: 'CreateNote', operation: 'CREATE' })
    return messageOf(stored)
  })
}

async function batchCreateNotes(
  ports: NotePorts,
  caller: Caller,
  { parent, notes }: { readonly parent: string; readonly notes: Readonly<Record<string, unknown>> },
): Promise<readonly Message[]> {
  const project = acceptOwner(parent)
  const grant = requirePermission(caller, 'containeranalysis.notes.create', `projects/${project}`)
  const stored = acceptBatch(ports, project, notes)
  return await ports.changes.commit(async (tables) => {
    await getProject(tables, project)
    for (const note of stored) {
      await insert(tables, note)
      await record(ports, tables, { caller, grant, note, method: 'BatchCreateNotes', operation: 'CREATE' })
    }
    return stored.map(messageOf)
  })
}

function acceptBatch(ports: NotePorts, project: ProjectId, notes: Readonly<Record<string, unknown>>): readonly StoredNote[] {
  const entries = Object.entries(notes)
  const refuse = (message: string): StatusError => new StatusError('INVALID_ARGUMENT', message)
  if (entries.length === 0) throw refuse('at least one note must be specified')
  if (entries.length > MAX_BATCH)
    throw refuse(`${entries.length} is too many notes to batch create, a maximum of ${MAX_BATCH} notes is allowed per batch create`)
  const faults = entries.flatMap(([id, note]) => {
    const found = isMessage(note) ? findNoteFaults(note) : ['a note must be specified']
    return found.length === 0 ? [] : [`notes[${quote(id)}]: ${found.join(' ')}`]
  })
  if (faults.length > 0) throw refuse(`one or more notes are invalid, no notes were created: [${faults.slice(0, 50).join(' ')}]`)
  return entries.map(([id, note]) => newNote(ports, acceptNoteId(project, id), acceptNoteBody(isMessage(note) ? note : {})))
}

async function getNote(ports: NotePorts, caller: Caller, text: string): Promise<Message> {
  const name = acceptNoteName(text)
  requirePermission(caller, 'containeranalysis.notes.get', name)
  return messageOf(await ports.changes.read((tables) => requireNote(tables, name)))
}

async function updateNote(
  ports: NotePorts,
  caller: Caller,
  asked: { readonly name: string; readonly note: unknown; readonly mask: readonly string[] },
): Promise<Message> {
  const name = acceptNoteName(asked.name)
  const grant = requirePermission(caller, 'containeranalysis.notes.update', name)
  const { note, mask } = asked
  if (!isMessage(note)) throw new StatusError('INVALID_ARGUMENT', 'an note must be specified')
  return await ports.changes.commit(async (tables) => {
    const stored = await requireNote(tables, name)
    const merged = mergeUpdate(stored, note, mask)
    const faults = findNoteFaults(merged)
    if (faults.length > 0) throw new StatusError('INVALID_ARGUMENT', `note is invalid: [${faults.join(' ')}]`)
    const changed = withBody(ports, stored, acceptNoteBody(merged))
    await tables.updateNote(changed)
    await record(ports, tables, { caller, grant, note: changed, method: 'UpdateNote', operation: 'UPDATE' })
    return messageOf(changed)
  })
}

function mergeUpdate(stored: StoredNote, body: Message, mask: readonly string[]): Message {
  const { own, foreign } = membersOfKind(stored.kind)
  const rules: UpdateRules = { resource: 'Note', writable: [...WRITABLE, ...own], immutable: foreign }
  const before = messageOf(stored)
  const paths = updatedPaths(rules, body, mask)
  refuseImmutable(rules, { stored: before, body, paths })
  return mergePaths(before, body, paths)
}

async function deleteNote(ports: NotePorts, caller: Caller, text: string): Promise<void> {
  const name = acceptNoteName(text)
  const grant = requirePermission(caller, 'containeranalysis.notes.delete', name)
  await ports.changes.commit(async (tables) => {
    const note = await requireNote(tables, name)
    await tables.deleteNote(name)
    await record(ports, tables, { caller, grant, note, method: 'DeleteNote', operation: 'DELETE' })
  })
}

async function insert(tables: NoteTables, note: StoredNote): Promise<void> {
  const taken = (await tables.findNote(note.name)) !== undefined
  if (taken) throw new StatusError('ALREADY_EXISTS', `note ID "${note.name.split('/')[3]}" already exists in project "${note.project}"`)
  await tables.insertNote(note)
}

function newNote({ surroundings }: NotePorts, name: NoteName, { kind, members }: NoteBody): StoredNote {
  const time = surroundings.timestamp()
  const body = JSON.stringify({ name, kind, ...members, createTime: time, updateTime: time })
  return { name, uid: surroundings.uuid(), project: projectOf(name), kind, body, etag: newEtag(surroundings), createTime: time, updateTime: time }
}

function withBody({ surroundings }: NotePorts, note: StoredNote, { members }: NoteBody): StoredNote {
  const updateTime = surroundings.timestamp()
  const body = JSON.stringify({ name: note.name, kind: note.kind, ...members, createTime: note.createTime, updateTime })
  return { ...note, body, etag: newEtag(surroundings), updateTime }
}

interface NoteChange {
  readonly caller: Caller
  readonly grant: Grant
  readonly note: StoredNote
  readonly method: string
  readonly operation: ChangeOperation
}

async function record(ports: NotePorts, tables: ChangeWriter, { caller, grant, note, method, operation }: NoteChange): Promise<void> {
  await writeChange(
    tables,
    { project: note.project, kind: 'NOTE', name: note.name, etag: note.etag, operation, note: note.name },
    {
      methodName: `${SERVICE}.${method}`,
      principal: caller.principal,
      permissions: [grant],
      response: { ...messageOf(note), uid: note.uid },
      time: ports.surroundings.timestamp(),
    },
  )
}

/** The note, or NOT_FOUND. */
async function requireNote(tables: NoteTables, name: NoteName): Promise<StoredNote> {
  const note = await tables.findNote(name)
  if (note === undefined) throw new StatusError('NOT_FOUND', `Requested entity was not found: note "${name}" does not exist`)
  return note
}

function acceptNoteId(project: ProjectId, noteId: string): NoteName {
  if (noteId === '') throw new StatusError('INVALID_ARGUMENT', 'a noteId must be specified')
  if (noteId.includes('/')) throw new StatusError('INVALID_ARGUMENT', 'a noteId must not contain /')
  return getValue(parseNoteName(`projects/${project}/notes/${noteId}`))
}
