import { digestOfResourceUri } from '@countersign/core/image/resource-uri.ts'
import { parseOccurrenceName } from '@countersign/core/name/resource-name.ts'
import type { NoteName, OccurrenceName, ProjectId } from '@countersign/core/name/resource-name.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { Caller } from '../access/caller.ts'
import type { Grant } from '../access/permission.ts'
import { mayCall, requireAttach, requirePermission } from '../access/permission.ts'
import type { ChangeOperation, Changes, ChangeWriter, Surroundings } from '../changes/change.ts'
import { newEtag } from '../changes/etag.ts'
import { getValue } from '../changes/invalid.ts'
import type { KnownProjects } from '../changes/known-project.ts'
import { getProject } from '../changes/known-project.ts'
import { acceptOccurrenceName, acceptOwner } from './names.ts'
import { writeChange } from '../changes/write-change.ts'
import type { Message } from './message.ts'
import { isMessage, listOf, textOf } from './message.ts'
import type { OccurrenceBody } from './occurrence-body.ts'
import { acceptNoteReference, acceptOccurrenceBody, findOccurrenceFaults, hashContent } from './occurrence-body.ts'
import { mergeUpdate } from './occurrence-update.ts'
import { refuseFlood, refuseOverweight } from './flood.ts'
import type { AttestationWeight, NoteTables, OccurrenceTables, StoredNote, StoredOccurrence } from './ports.ts'
import { messageOf } from './stored-message.ts'

const SERVICE = 'grafeas.v1.Grafeas'
const MAX_BATCH = 1000
/** Occurrences. Messages are Grafeas v1 as proto3 JSON; order of checks as in `Notes`. */
export interface Occurrences {
  /**
   * Its note must exist and be of the same kind. For attestations: ALREADY_EXISTS for the same note, resource URI and bytes,
   * RESOURCE_EXHAUSTED above the bound per note and digest; other kinds may repeat, the newest counts.
   */
  createOccurrence(caller: Caller, parent: string, occurrence: unknown): Promise<Message>
  /** All or none. */
  batchCreateOccurrences(caller: Caller, parent: string, occurrences: readonly unknown[]): Promise<readonly Message[]>
  getOccurrence(caller: Caller, name: string): Promise<Message>
  /** The note it hangs on; NOT_FOUND where that one was deleted, even if a note of its name exists again. */
  getOccurrenceNote(caller: Caller, name: string): Promise<Message>
  /** Note, resource, envelope and kind never change, and of the details only a scanner's: INVALID_ARGUMENT says which would. */
  updateOccurrence(caller: Caller, name: string, change: { readonly occurrence: unknown; readonly mask: readonly string[] }): Promise<Message>
  deleteOccurrence(caller: Caller, name: string): Promise<void>
}

export interface OccurrencePorts {
  readonly changes: Changes<NoteTables & OccurrenceTables & KnownProjects>
  readonly surroundings: Surroundings
  /** How many and how long attestations may hang on one note for one digest: a gate reads and verifies them all, so a flood of bogus ones ends here. */
  readonly maxPerDigest: AttestationWeight
}

type Tables = NoteTables & OccurrenceTables & KnownProjects & ChangeWriter

/** Makes the part of the metadata flow that writes occurrences. */
export function makeOccurrences(ports: OccurrencePorts): Occurrences {
  return {
    createOccurrence: (caller, parent, occurrence) => createOccurrence(ports, caller, { parent, occurrence }),
    batchCreateOccurrences: (caller, parent, occurrences) => batchCreateOccurrences(ports, caller, { parent, occurrences }),
    getOccurrence: (caller, name) => getOccurrence(ports, caller, name),
    getOccurrenceNote: (caller, name) => getOccurrenceNote(ports, caller, name),
    updateOccurrence: (caller, name, change) => updateOccurrence(ports, caller, { name, ...change }),
    deleteOccurrence: (caller, name) => deleteOccurrence(ports, caller, name),
  }
}

async function createOccurrence(
  ports: OccurrencePorts,
  caller: Caller,
  { parent, occurrence }: { readonly parent: string; readonly occurrence: unknown },
): Promise<Message> {
  const project = acceptOwner(parent)
  const grant = requirePermission(caller, 'containeranalysis.occurrences.create', `projects/${project}`)
  if (!isMessage(occurrence)) throw new StatusError('INVALID_ARGUMENT', 'an occurrence must be specified')
  requirePermission(caller, 'containeranalysis.notes.attachOccurrence', acceptNoteReference(occurrence))
  const faults = findOccurrenceFaults(occurrence)
  if (faults.length > 0) throw new StatusError('INVALID_ARGUMENT', `occurrence is invalid: [${faults.join(' ')}]`)
  const body = acceptOccurrenceBody(occurrence)
  return await ports.changes.commit(async (tables) => {
    await getProject(tables, project)
    return await attach(ports, tables, { caller, grant, project, body, method: 'CreateOccurrence' })
  })
}

async function batchCreateOccurrences(
  ports: OccurrencePorts,
  caller: Caller,
  { parent, occurrences }: { readonly parent: string; readonly occurrences: readonly unknown[] },
): Promise<readonly Message[]> {
  const project = acceptOwner(parent)
  const grant = requirePermission(caller, 'containeranalysis.occurrences.create', `projects/${project}`)
  const bodies = acceptBatch(caller, occurrences)
  return await ports.changes.commit(async (tables) => {
    await getProject(tables, project)
    const created: Message[] = []
    for (const body of bodies) created.push(await attach(ports, tables, { caller, grant, project, body, method: 'BatchCreateOccurrences' }))
    return created
  })
}

function acceptBatch(caller: Caller, occurrences: readonly unknown[]): readonly OccurrenceBody[] {
  const count = occurrences.length
  const refuse = (message: string): StatusError => new StatusError('INVALID_ARGUMENT', message)
  if (count === 0) throw refuse('at least one occurrence must be specified')
  if (count > MAX_BATCH)
    throw refuse(`${count} is too many occurrence to batch create, a maximum of ${MAX_BATCH} occurrence is allowed per batch create`)
  const messages = occurrences.map((occurrence) => (isMessage(occurrence) ? occurrence : {}))
  const refused = messages.map(acceptNoteReference).filter((note) => !mayCall(caller, 'containeranalysis.notes.attachOccurrence', note))
  if (refused.length > 0) {
    const notes = [...new Set(refused)].slice(0, 10).join(' ')
    throw new StatusError('PERMISSION_DENIED', `one or more occurrences had auth errors, no occurrences were created: [${notes}]`)
  }
  const faults = messages.flatMap((message, index) => {
    const found = findOccurrenceFaults(message)
    return found.length === 0 ? [] : [`occurrences[${index}]: ${found.join(' ')}`]
  })
  if (faults.length > 0) throw refuse(`one or more occurrences are invalid, no occurrences were created: [${faults.slice(0, 50).join(' ')}]`)
  return messages.map(acceptOccurrenceBody)
}

interface Attachment {
  readonly caller: Caller
  readonly grant: Grant
  readonly project: ProjectId
  readonly body: OccurrenceBody
  readonly method: string
}

async function attach(ports: OccurrencePorts, tables: Tables, attachment: Attachment): Promise<Message> {
  const { caller, grant, project, body, method } = attachment
  const note = await requireNote(tables, body.note)
  const grants = [grant, requireAttach(caller, note)]
  refuseOtherKind(note, body.kind)
  const occurrence = newOccurrence(ports, { caller, project, body, note })
  if (occurrence.kind === 'ATTESTATION') {
    await refuseTwin(tables, occurrence)
    await refuseFlood(tables, occurrence, ports.maxPerDigest)
  }
  await tables.insertOccurrence(occurrence)
  await record(ports, tables, { caller, grants, occurrence, method, operation: 'CREATE' })
  return messageOf(occurrence)
}

/** A note and what hangs on it are of one kind: who reads by kind must find the note that it means. */
function refuseOtherKind(note: StoredNote, kind: string): void {
  if (note.kind === kind) return
  throw new StatusError('INVALID_ARGUMENT', `occurrence is invalid: [its details are of kind ${kind}, note "${note.name}" is of kind ${note.kind}]`)
}

function newOccurrence(
  { surroundings }: OccurrencePorts,
  { caller, project, body, note }: Pick<Attachment, 'caller' | 'project' | 'body'> & { readonly note: StoredNote },
): StoredOccurrence {
  const name = getValue(parseOccurrenceName(`projects/${project}/occurrences/${surroundings.uuid()}`))
  const time = surroundings.timestamp()
  const digest = digestOfResourceUri(body.resourceUri)
  const message = { name, kind: body.kind, ...body.members, createTime: time, updateTime: time }
  return {
    name,
    project,
    kind: body.kind,
    note: note.name,
    noteUid: note.uid,
    resourceUri: body.resourceUri,
    ...(digest === undefined ? {} : { digest }),
    contentHash: hashContent(note.uid, message),
    writer: caller.principal,
    body: JSON.stringify(message),
    etag: newEtag(surroundings),
    createTime: time,
    updateTime: time,
  }
}

/** gcloud writes `Resource in project [P] is the subject of a conflict: ` before this text, as before every 409 (binary-authorization.md §3.4). */
async function refuseTwin(tables: OccurrenceTables, occurrence: StoredOccurrence): Promise<void> {
  const twin = await tables.findByContent(occurrence.noteUid, occurrence.contentHash)
  if (twin === undefined) return
  const own = twin.project === occurrence.project
  const which = own
    ? `occurrence ID "${twin.name.split('/')[3]}" already exists in project "${twin.project}"`
    : `an identical occurrence already hangs on note "${twin.note}"`
  throw new StatusError('ALREADY_EXISTS', which)
}

async function getOccurrence(ports: OccurrencePorts, caller: Caller, text: string): Promise<Message> {
  const name = acceptOccurrenceName(text)
  requirePermission(caller, 'containeranalysis.occurrences.get', name)
  return messageOf(await ports.changes.read((tables) => requireOccurrence(tables, name)))
}

async function getOccurrenceNote(ports: OccurrencePorts, caller: Caller, text: string): Promise<Message> {
  const name = acceptOccurrenceName(text)
  requirePermission(caller, 'containeranalysis.occurrences.get', name)
  return await ports.changes.read(async (tables) => {
    const occurrence = await requireOccurrence(tables, name)
    requirePermission(caller, 'containeranalysis.notes.get', occurrence.note)
    const note = await tables.findNote(occurrence.note)
    if (note?.uid === occurrence.noteUid) return messageOf(note)
    throw new StatusError('NOT_FOUND', `Requested entity was not found: the note of occurrence "${name}", "${occurrence.note}", was deleted`)
  })
}

async function updateOccurrence(
  ports: OccurrencePorts,
  caller: Caller,
  asked: { readonly name: string; readonly occurrence: unknown; readonly mask: readonly string[] },
): Promise<Message> {
  const name = acceptOccurrenceName(asked.name)
  const grant = requirePermission(caller, 'containeranalysis.occurrences.update', name)
  const body = asked.occurrence
  if (!isMessage(body)) throw new StatusError('INVALID_ARGUMENT', 'an occurrence must be specified')
  return await ports.changes.commit(async (tables) => {
    const stored = await requireOccurrence(tables, name)
    const grants = [grant, ...(await attachGrants(tables, caller, stored))]
    const updateTime = ports.surroundings.timestamp()
    const message = { ...mergeUpdate(stored, body, asked.mask), updateTime }
    const occurrence = { ...stored, writer: caller.principal, body: JSON.stringify(message), etag: newEtag(ports.surroundings), updateTime }
    if (stored.kind === 'ATTESTATION') await refuseOverweight(tables, { stored, occurrence }, ports.maxPerDigest)
    await tables.updateOccurrence(occurrence)
    await record(ports, tables, { caller, grants, occurrence, method: 'UpdateOccurrence', operation: 'UPDATE' })
    return message
  })
}

async function deleteOccurrence(ports: OccurrencePorts, caller: Caller, text: string): Promise<void> {
  const name = acceptOccurrenceName(text)
  const grant = requirePermission(caller, 'containeranalysis.occurrences.delete', name)
  await ports.changes.commit(async (tables) => {
    const occurrence = await requireOccurrence(tables, name)
    const grants = [grant, ...(await attachGrants(tables, caller, occurrence))]
    await tables.deleteOccurrence(name)
    await record(ports, tables, { caller, grants, occurrence, method: 'DeleteOccurrence', operation: 'DELETE' })
  })
}

/**
 * Changing what hangs on a note needs the right on the note too. Where the note is gone there is nobody left to ask: its attestations mean nothing any more.
 * But a signer reads findings whose note is gone, and whoever attests to other notes is not to take them away.
 */
async function attachGrants(tables: NoteTables, caller: Caller, occurrence: StoredOccurrence): Promise<readonly Grant[]> {
  const note = await tables.findNote(occurrence.note)
  if (note?.uid === occurrence.noteUid) return [requireAttach(caller, note)]
  const isForeign = caller.role === 'attestor' && occurrence.kind !== 'ATTESTATION'
  return isForeign ? [requirePermission(caller, 'containeranalysis.notes.attachOccurrence', occurrence.note)] : []
}

interface OccurrenceChange {
  readonly caller: Caller
  readonly grants: readonly Grant[]
  readonly occurrence: StoredOccurrence
  readonly method: string
  readonly operation: ChangeOperation
}

async function record(ports: OccurrencePorts, tables: ChangeWriter, change: OccurrenceChange): Promise<void> {
  const { caller, grants, occurrence, method, operation } = change
  const { project, name, etag, note, digest } = occurrence
  const kind = occurrence.kind === 'ATTESTATION' ? 'ATTESTATION' : 'OCCURRENCE'
  await writeChange(
    tables,
    { project, kind, name, etag, operation, note, ...(digest === undefined ? {} : { digest }) },
    {
      methodName: `${SERVICE}.${method}`,
      principal: caller.principal,
      permissions: grants,
      response: summaryOf(occurrence),
      time: ports.surroundings.timestamp(),
    },
  )
}

/** What the log keeps of an occurrence: what it is about and who signed it; the bytes, as they are now, are named by their hash. */
function summaryOf(occurrence: StoredOccurrence): Message {
  const { name, kind, note, noteUid, resourceUri } = occurrence
  const message = messageOf(occurrence)
  const { attestation } = message
  const signatures = isMessage(attestation) ? listOf(attestation['signatures']) : []
  const publicKeyIds = signatures.map((signature) => (isMessage(signature) ? textOf(signature['publicKeyId']) : ''))
  const signed = kind === 'ATTESTATION' ? { publicKeyIds } : {}
  return { name, kind, noteName: note, noteUid, resourceUri, contentHash: hashContent(noteUid, message), ...signed }
}

async function requireNote(tables: NoteTables, name: NoteName): Promise<StoredNote> {
  const note = await tables.findNote(name)
  if (note === undefined) throw new StatusError('NOT_FOUND', `Requested entity was not found: note "${name}" does not exist, create it first`)
  return note
}

async function requireOccurrence(tables: OccurrenceTables, name: OccurrenceName): Promise<StoredOccurrence> {
  const occurrence = await tables.findOccurrence(name)
  if (occurrence === undefined) throw new StatusError('NOT_FOUND', `Requested entity was not found: occurrence "${name}" does not exist`)
  return occurrence
}
