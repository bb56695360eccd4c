import { parseProjectId } from '@countersign/core/name/resource-name.ts'
import type { ProjectId } from '@countersign/core/name/resource-name.ts'
import { parseExemption } from '@countersign/core/policy/exemption.ts'
import type { Exemption } from '@countersign/core/policy/exemption.ts'
import { quote } from '@countersign/core/quote.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { Caller } from '../access/caller.ts'
import type { Grant } from '../access/permission.ts'
import { requirePermission } from '../access/permission.ts'
import type { Changes, ChangeWriter, Surroundings } from '../changes/change.ts'
import { getValue } from '../changes/invalid.ts'
import type { KnownProjects } from '../changes/known-project.ts'
import { getProject } from '../changes/known-project.ts'
import type { PageAsked, PageTokens } from '../changes/page-token.ts'
import { acceptPage } from '../changes/page-token.ts'
import { acceptParent } from '../changes/parent.ts'
import { writeChange } from '../changes/write-change.ts'
import type { ExemptionTables, StoredExemption } from './ports.ts'

const SERVICE = 'countersign.v1.Exemptions'
const EXEMPTION_ID = /^[a-z0-9][a-z0-9._-]{0,62}$/

export interface ExemptionCreation {
  /** `projects/P` */
  readonly parent: string
  /** Chosen by the server where empty. */
  readonly exemptionId: string
  /** `{pattern | digest, namespace?, owner, reason, expireTime}` */
  readonly exemption: unknown
}

/** Time-boxed exemptions. Names are `projects/P/exemptions/ID`. They never change: a renewal is another exemption. */
export interface Exemptions {
  createExemption(caller: Caller, creation: ExemptionCreation): Promise<StoredExemption>
  getExemption(caller: Caller, name: string): Promise<StoredExemption>
  /** Those that have ended are listed too, until somebody deletes them. */
  listExemptions(
    caller: Caller,
    parent: string,
    asked: PageAsked,
  ): Promise<{ readonly exemptions: readonly StoredExemption[]; readonly nextPageToken: string }>
  /** Ends it at once. */
  deleteExemption(caller: Caller, name: string): Promise<void>
}

export interface ExemptionPorts {
  readonly changes: Changes<ExemptionTables & KnownProjects>
  readonly pageTokens: PageTokens
  readonly surroundings: Surroundings
}

/** Makes the exemption part of the policy flow. */
export function makeExemptions(ports: ExemptionPorts): Exemptions {
  return {
    createExemption: (caller, creation) => createExemption(ports, caller, creation),
    getExemption: (caller, name) => getExemption(ports, caller, name),
    listExemptions: (caller, parent, asked) => listExemptions(ports, caller, { parent, asked }),
    deleteExemption: (caller, name) => deleteExemption(ports, caller, name),
  }
}

async function createExemption(ports: ExemptionPorts, caller: Caller, creation: ExemptionCreation): Promise<StoredExemption> {
  const project = acceptParent(creation.parent)
  const grant = requirePermission(caller, 'countersign.exemptions.create', `projects/${project}`)
  const id = creation.exemptionId === '' ? ports.surroundings.uuid() : acceptId(creation.exemptionId)
  const parsed = getValue(parseExemption(creation.exemption, ports.surroundings.now()), 'Exemption is not valid')
  const exemption: Exemption = { id, ...parsed }
  const stored = { project, exemption, createTime: ports.surroundings.timestamp(), creator: caller.principal }
  return await ports.changes.commit(async (tables) => {
    await getProject(tables, project)
    const taken = (await tables.findExemption(project, id)) !== undefined
    if (taken) throw new StatusError('ALREADY_EXISTS', `Exemption "${id}" already exists in project "${project}"`)
    await tables.insertExemption(stored)
    await record(ports, tables, { caller, grant, stored, operation: 'CREATE' })
    return stored
  })
}

async function getExemption(ports: ExemptionPorts, caller: Caller, name: string): Promise<StoredExemption> {
  const { project, id } = acceptName(name)
  requirePermission(caller, 'countersign.exemptions.get', name)
  return await ports.changes.read((tables) => requireExemption(tables, project, id))
}

async function listExemptions(
  ports: ExemptionPorts,
  caller: Caller,
  { parent, asked }: { readonly parent: string; readonly asked: PageAsked },
): Promise<{ exemptions: readonly StoredExemption[]; nextPageToken: string }> {
  const project = acceptParent(parent)
  requirePermission(caller, 'countersign.exemptions.list', `projects/${project}`)
  const scope = ['ListExemptions', caller.principal, project]
  const page = acceptPage(ports.pageTokens, scope, asked)
  return await ports.changes.read(async (tables) => {
    await getProject(tables, project)
    const { items, next } = await tables.listExemptions(project, page)
    return { exemptions: items, nextPageToken: ports.pageTokens.seal(scope, next) }
  })
}

async function deleteExemption(ports: ExemptionPorts, caller: Caller, name: string): Promise<void> {
  const { project, id } = acceptName(name)
  const grant = requirePermission(caller, 'countersign.exemptions.delete', name)
  await ports.changes.commit(async (tables) => {
    const stored = await requireExemption(tables, project, id)
    await tables.deleteExemption(project, id)
    await record(ports, tables, { caller, grant, stored, operation: 'DELETE' })
  })
}

async function record(
  ports: ExemptionPorts,
  tables: ChangeWriter,
  change: { readonly caller: Caller; readonly grant: Grant; readonly stored: StoredExemption; readonly operation: 'CREATE' | 'DELETE' },
): Promise<void> {
  const { caller, grant, stored, operation } = change
  const methodName = `${SERVICE}.${operation === 'CREATE' ? 'CreateExemption' : 'DeleteExemption'}`
  await writeChange(
    tables,
    { project: stored.project, kind: 'EXEMPTION', name: `projects/${stored.project}/exemptions/${stored.exemption.id}`, operation },
    { methodName, principal: caller.principal, permissions: [grant], response: stored, time: ports.surroundings.timestamp() },
  )
}

async function requireExemption(tables: ExemptionTables, project: ProjectId, id: string): Promise<StoredExemption> {
  const stored = await tables.findExemption(project, id)
  if (stored === undefined) throw new StatusError('NOT_FOUND', `Requested entity was not found: project "${project}" has no exemption "${id}"`)
  return stored
}

function acceptName(name: string): { project: ProjectId; id: string } {
  const match = /^projects\/([^/]+)\/exemptions\/([^/]+)$/.exec(name)
  if (match !== null) return { project: getValue(parseProjectId(match[1] ?? '')), id: acceptId(match[2] ?? '') }
  throw new StatusError(
    'INVALID_ARGUMENT',
    `exemption name must be in the form "projects/[PROJECT_ID]/exemptions/[EXEMPTION_ID]", got ${quote(name)}`,
  )
}

function acceptId(id: string): string {
  if (EXEMPTION_ID.test(id)) return id
  throw new StatusError('INVALID_ARGUMENT', `Exemption id ${quote(id)} is not valid: expected lower-case letters, digits, ., _ and -, at most 63`)
}
