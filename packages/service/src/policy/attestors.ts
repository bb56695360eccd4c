import type { Attestor } from '@countersign/core/attestation/attestor.ts'
import { idOf, parseAttestorName, projectOf } from '@countersign/core/name/resource-name.ts'
import type { AttestorName, NoteName, ProjectId } from '@countersign/core/name/resource-name.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { Caller } from '../access/caller.ts'
import type { Grant } from '../access/permission.ts'
import { mayCall, requirePermission } from '../access/permission.ts'
import type { KnownNotes } from '../access/ports.ts'
import type { ChangeOperation, Changes, ChangeWriter, Surroundings } from '../changes/change.ts'
import { newEtag, requireEtag } from '../changes/etag.ts'
import { getValue } from '../changes/invalid.ts'
import type { KnownProjects } from '../changes/known-project.ts'
import { getProject, unknownProject } from '../changes/known-project.ts'
import type { PageAsked, PageTokens } from '../changes/page-token.ts'
import { acceptPage } from '../changes/page-token.ts'
import { acceptParent } from '../changes/parent.ts'
import { writeChange } from '../changes/write-change.ts'
import { parseAttestorBody } from './attestor-body.ts'
import { findRelatedAttestors, importKeys, warnOfSharedKeys } from './attestor-keys.ts'
import type { AttestorTables, KeyImporter, StoredAttestor } from './ports.ts'

const SERVICE = 'google.cloud.binaryauthorization.v1.BinauthzManagementServiceV1'

/** An attestor, the number of its project (for the delegate's address), and what its owner should know. */
export interface AttestorResult {
  readonly stored: StoredAttestor
  readonly projectNumber: string
  readonly warnings: readonly string[]
}

export interface AttestorCreation {
  /** `projects/P` */
  readonly parent: string
  readonly attestorId: string
  /** The v1 message as proto3 JSON. */
  readonly attestor: unknown
}

export interface AttestorList {
  readonly attestors: readonly StoredAttestor[]
  readonly projectNumber: string
  readonly nextPageToken: string
}

/** Attestors by the original's names and rules (binary-authorization.md §2.5). */
export interface Attestors {
  createAttestor(caller: Caller, creation: AttestorCreation): Promise<AttestorResult>
  getAttestor(caller: Caller, name: string): Promise<AttestorResult>
  /** `parent` is `projects/P`; INVALID_ARGUMENT where the project does not exist, as the original answers. */
  listAttestors(caller: Caller, parent: string, asked: PageAsked): Promise<AttestorList>
  /** Replaces description and keys; name and note never change. */
  updateAttestor(caller: Caller, name: string, attestor: unknown): Promise<AttestorResult>
  /** Allowed while policies name it: their rules then fail closed, and the warnings say which. */
  deleteAttestor(caller: Caller, name: string): Promise<{ readonly warnings: readonly string[] }>
}

export interface AttestorPorts {
  readonly changes: Changes<AttestorTables & KnownProjects & KnownNotes>
  readonly importKey: KeyImporter
  readonly pageTokens: PageTokens
  readonly surroundings: Surroundings
}

/** Makes the attestor half of the policy flow. */
export function makeAttestors(ports: AttestorPorts): Attestors {
  return {
    createAttestor: (caller, creation) => createAttestor(ports, caller, creation),
    getAttestor: (caller, name) => getAttestor(ports, caller, name),
    listAttestors: (caller, parent, asked) => listAttestors(ports, caller, { parent, asked }),
    updateAttestor: (caller, name, attestor) => updateAttestor(ports, caller, { name, attestor }),
    deleteAttestor: (caller, name) => deleteAttestor(ports, caller, name),
  }
}

async function createAttestor(ports: AttestorPorts, caller: Caller, creation: AttestorCreation): Promise<AttestorResult> {
  const project = acceptParent(creation.parent)
  if (creation.attestorId === '') throw new StatusError('INVALID_ARGUMENT', 'an attestorId must be specified')
  const name = getValue(parseAttestorName(`projects/${project}/attestors/${creation.attestorId}`))
  const grant = requirePermission(caller, 'binaryauthorization.attestors.create', `projects/${project}`)
  const body = getValue(parseAttestorBody(creation.attestor), `Cannot create attestor "${name}"`)
  const note = body.note
  if (note === undefined)
    throw new StatusError('INVALID_ARGUMENT', `Cannot create attestor "${name}": userOwnedGrafeasNote.noteReference is required`)
  const grants = [grant, requirePermission(caller, 'containeranalysis.notes.listOccurrences', note)]
  const imported = await importKeys(name, body.keys, ports.importKey)
  const written = await ports.changes.commit(async (tables): Promise<Written> => {
    const { number } = await getProject(tables, project)
    if ((await tables.findAttestor(name)) !== undefined) throw new StatusError('ALREADY_EXISTS', `Attestor "${name}" already exists`)
    const noteUid = await findNoteUid(tables, note, name)
    const described = body.description === undefined ? {} : { description: body.description }
    const attestor: Attestor = { name, uid: ports.surroundings.uuid(), ...described, note, noteUid, publicKeys: imported.keys }
    const stored = await put(ports, tables, attestor)
    await record(ports, tables, { caller, grants, stored, method: 'CreateAttestor', operation: 'CREATE' })
    const warnings = [...imported.warnings, ...warnOfNaming(caller, name, await tables.policiesNaming(name))]
    return { stored, projectNumber: number, related: await findRelatedAttestors(tables, attestor), warnings }
  })
  return await resultOf(caller, written)
}

/** A policy that names one of this name means one that was deleted, not this one. */
function warnOfNaming(caller: Caller, name: AttestorName, naming: readonly ProjectId[]): readonly string[] {
  const readable = naming.filter((project) => mayCall(caller, 'binaryauthorization.policy.get', `projects/${project}`))
  return readable.map(
    (project) => `The policy of project "${project}" names an attestor "${name}" that was deleted: save the policy again if it shall trust this one`,
  )
}

async function getAttestor(ports: AttestorPorts, caller: Caller, text: string): Promise<AttestorResult> {
  const name = getValue(parseAttestorName(text))
  requirePermission(caller, 'binaryauthorization.attestors.get', name)
  return await ports.changes.read(async (tables) => {
    const { number } = await getProject(tables, projectOf(name))
    return { stored: await requireAttestor(tables, name), projectNumber: number, warnings: [] }
  })
}

async function listAttestors(
  ports: AttestorPorts,
  caller: Caller,
  { parent, asked }: { readonly parent: string; readonly asked: PageAsked },
): Promise<AttestorList> {
  const project = acceptParent(parent)
  requirePermission(caller, 'binaryauthorization.attestors.list', `projects/${project}`)
  const scope = ['ListAttestors', caller.principal, project]
  const page = acceptPage(ports.pageTokens, scope, asked)
  return await ports.changes.read(async (tables) => {
    const known = await tables.findProject(project)
    if (known === undefined) throw unknownProject(project, 'INVALID_ARGUMENT')
    const { items, next } = await tables.listAttestors(project, page)
    return { attestors: items, projectNumber: known.number, nextPageToken: ports.pageTokens.seal(scope, next) }
  })
}

async function updateAttestor(
  ports: AttestorPorts,
  caller: Caller,
  asked: { readonly name: string; readonly attestor: unknown },
): Promise<AttestorResult> {
  const name = getValue(parseAttestorName(asked.name))
  const grants = [requirePermission(caller, 'binaryauthorization.attestors.update', name)]
  const body = getValue(parseAttestorBody(asked.attestor), `Cannot update attestor "${name}"`)
  const imported = await importKeys(name, body.keys, ports.importKey)
  const written = await ports.changes.commit(async (tables): Promise<Written> => {
    const { number } = await getProject(tables, projectOf(name))
    const { attestor, etag } = await requireAttestor(tables, name)
    if (body.note !== undefined && body.note !== attestor.note) throw movedNote(attestor, body.note)
    requireEtag(body.etag, etag, `attestor "${name}"`)
    const { description: _, ...kept } = attestor
    const changed: Attestor = { ...kept, ...(body.description === undefined ? {} : { description: body.description }), publicKeys: imported.keys }
    const stored = await put(ports, tables, changed)
    await record(ports, tables, { caller, grants, stored, method: 'UpdateAttestor', operation: 'UPDATE' })
    const warnings = [...(await warnOfReborn(tables, changed)), ...imported.warnings]
    return { stored, projectNumber: number, related: await findRelatedAttestors(tables, changed), warnings }
  })
  return await resultOf(caller, written)
}

async function deleteAttestor(ports: AttestorPorts, caller: Caller, text: string): Promise<{ warnings: readonly string[] }> {
  const name = getValue(parseAttestorName(text))
  const grants = [requirePermission(caller, 'binaryauthorization.attestors.delete', name)]
  return await ports.changes.commit(async (tables) => {
    await getProject(tables, projectOf(name))
    const stored = await requireAttestor(tables, name)
    const naming = await tables.policiesNaming(name)
    await tables.deleteAttestor(name)
    await record(ports, tables, { caller, grants, stored, method: 'DeleteAttestor', operation: 'DELETE' })
    const readable = naming.filter((project) => mayCall(caller, 'binaryauthorization.policy.get', `projects/${project}`))
    return {
      warnings: readable.map(
        (project) => `The policy of project "${project}" still names attestor "${name}": its rules that require it deny from now on`,
      ),
    }
  })
}

/** What a transaction wrote. Keys are compared after it: that takes time, and the one writer is not to wait for it. */
type Written = AttestorResult & { readonly related: readonly Attestor[] }

async function resultOf(caller: Caller, { related, ...result }: Written): Promise<AttestorResult> {
  return { ...result, warnings: [...result.warnings, ...(await warnOfSharedKeys(caller, result.stored.attestor, related))] }
}

async function put(ports: AttestorPorts, tables: AttestorTables, attestor: Attestor): Promise<StoredAttestor> {
  const stored = { attestor, etag: newEtag(ports.surroundings), updateTime: ports.surroundings.timestamp() }
  await tables.putAttestor(stored)
  return stored
}

interface AttestorChange {
  readonly caller: Caller
  readonly grants: readonly Grant[]
  readonly stored: StoredAttestor
  readonly method: string
  readonly operation: ChangeOperation
}

async function record(ports: AttestorPorts, tables: ChangeWriter, change: AttestorChange): Promise<void> {
  const { caller, grants, stored, method, operation } = change
  const { name, note } = stored.attestor
  await writeChange(
    tables,
    { project: projectOf(name), kind: 'ATTESTOR', name, etag: stored.etag, operation, note },
    { methodName: `${SERVICE}.${method}`, principal: caller.principal, permissions: grants, response: stored, time: ports.surroundings.timestamp() },
  )
}

async function requireAttestor(tables: AttestorTables, name: AttestorName): Promise<StoredAttestor> {
  const stored = await tables.findAttestor(name)
  if (stored === undefined) throw new StatusError('NOT_FOUND', `Requested entity was not found: attestor "${name}" does not exist`)
  return stored
}

async function findNoteUid(tables: KnownNotes, note: NoteName, attestor: AttestorName): Promise<string> {
  const found = await tables.findNote(note)
  if (found !== undefined) return found.uid
  const command = `countersign notes create ${idOf(note)} --project ${projectOf(note)}`
  throw new StatusError('INVALID_ARGUMENT', `Cannot create attestor "${attestor}": note "${note}" does not exist, create it with: ${command}`)
}

/** An attestor whose note was deleted keeps the uid of the dead one; a note created again under the name gives it nothing. */
async function warnOfReborn(tables: KnownNotes, attestor: Attestor): Promise<readonly string[]> {
  const note = await tables.findNote(attestor.note)
  if (note?.uid === attestor.noteUid) return []
  return [
    `Note "${attestor.note}" was deleted after attestor "${attestor.name}" was created: no attestation satisfies it, delete the attestor and create it again`,
  ]
}

function movedNote(attestor: Attestor, note: NoteName): StatusError {
  return new StatusError(
    'INVALID_ARGUMENT',
    `Cannot update attestor "${attestor.name}": its note is "${attestor.note}" and cannot become "${note}", create another attestor`,
  )
}
