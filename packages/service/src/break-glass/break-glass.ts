import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { type BreakGlassRequest, parseBreakGlassRequest } from '@countersign/core/break-glass/request.ts'
import { type BreakGlassSettings, DEFAULT_BREAK_GLASS, parseBreakGlassSettings } from '@countersign/core/break-glass/settings.ts'
import type { ClusterKey, ProjectId } from '@countersign/core/name/resource-name.ts'
import { StatusError } from '@countersign/core/status.ts'
import { sealBreakGlassToken } from '@countersign/evidence/break-glass/token.ts'
import type { Caller } from '../access/caller.ts'
import { type Grant, type Permission, requirePermission } from '../access/permission.ts'
import type { Changes, ChangeWriter, Surroundings } from '../changes/change.ts'
import { newEtag, requireEtag } from '../changes/etag.ts'
import { getValue } from '../changes/invalid.ts'
import { getProject, type KnownProjects } from '../changes/known-project.ts'
import { acceptPage, type PageAsked, type PageTokens } from '../changes/page-token.ts'
import { acceptParent } from '../changes/parent.ts'
import { writeChange } from '../changes/write-change.ts'
import type { KnownClusters } from '../access/ports.ts'
import { acceptGrantName, acceptSettingsName, nameOf } from './names.ts'
import type { BreakGlassTables, StoredBreakGlass, StoredGrant } from './ports.ts'

const SERVICE = 'countersign.v1.BreakGlass'
const DAY_MS = 24 * 3600_000
/** Asking is a right of those who may only read, so it must not fill the store. */
const MAX_ASKED_A_DAY = 100

/** Settings as their readers may see them. */
export type BreakGlassView = Pick<StoredBreakGlass, 'project' | 'settings' | 'etag' | 'publicKey'>

/** A grant, with its token for those who may use it: who asked for it and who approved it. */
export interface ShownGrant {
  readonly grant: StoredGrant
  readonly state: 'REQUESTED' | 'APPROVED' | 'EXPIRED' | 'REVOKED'
  readonly token?: string
}

export interface GrantRequest {
  /** `projects/P` */
  readonly parent: string
  /** `{cluster, namespace, pattern | digest, workload?, justification}` */
  readonly request: unknown
  readonly lifetimeMs: number
}

/** Break-glass: who may, and the tokens of those who were allowed to. Names are `projects/P/breakGlass` and `projects/P/breakGlassGrants/ID`. */
export interface BreakGlass {
  getSettings(caller: Caller, name: string): Promise<BreakGlassView>
  updateSettings(caller: Caller, name: string, update: { readonly settings: unknown; readonly etag: string }): Promise<BreakGlassView>
  requestGrant(caller: Caller, request: GrantRequest): Promise<ShownGrant>
  getGrant(caller: Caller, name: string): Promise<ShownGrant>
  /** In the order of their ids, ended ones included. */
  listGrants(caller: Caller, parent: string, asked: PageAsked): Promise<{ readonly grants: readonly ShownGrant[]; readonly nextPageToken: string }>
  /** By another than who asked. From then on its minutes count. */
  approveGrant(caller: Caller, name: string): Promise<ShownGrant>
  /** Its token counts no more, at every gate that hears of it. */
  revokeGrant(caller: Caller, name: string): Promise<ShownGrant>
}

export interface BreakGlassPorts {
  readonly changes: Changes<BreakGlassTables & KnownProjects & KnownClusters>
  readonly pageTokens: PageTokens
  readonly surroundings: Surroundings
}

/** Makes the break-glass flow. */
export function makeBreakGlass(ports: BreakGlassPorts): BreakGlass {
  return {
    getSettings: (caller, name) => getSettings(ports, caller, name),
    updateSettings: (caller, name, update) => updateSettings(ports, caller, { name, ...update }),
    requestGrant: (caller, request) => requestGrant(ports, caller, request),
    getGrant: (caller, name) => getGrant(ports, caller, name),
    listGrants: (caller, parent, asked) => listGrants(ports, caller, { parent, asked }),
    approveGrant: (caller, name) => approveGrant(ports, caller, name),
    revokeGrant: (caller, name) => revokeGrant(ports, caller, name),
  }
}

async function getSettings(ports: BreakGlassPorts, caller: Caller, name: string): Promise<BreakGlassView> {
  const project = acceptSettingsName(name)
  requirePermission(caller, 'countersign.breakGlass.get', name)
  return await ports.changes.read(async (tables) => {
    await getProject(tables, project)
    return (await tables.findBreakGlass(project)) ?? { project, settings: DEFAULT_BREAK_GLASS, etag: '', publicKey: '' }
  })
}

async function updateSettings(
  ports: BreakGlassPorts,
  caller: Caller,
  update: { readonly name: string; readonly settings: unknown; readonly etag: string },
): Promise<BreakGlassView> {
  const project = acceptSettingsName(update.name)
  const grant = requirePermission(caller, 'countersign.breakGlass.update', update.name)
  const settings = getValue(parseBreakGlassSettings(update.settings), 'Break-glass settings are not valid')
  return await ports.changes.commit(async (tables) => {
    await getProject(tables, project)
    const before = await tables.findBreakGlass(project)
    requireEtag(update.etag, before?.etag, 'the break-glass settings')
    await requireClusters(tables, { project, settings, before: before?.settings })
    const stored = {
      ...(before ?? newSettings(ports, project)),
      settings,
      etag: newEtag(ports.surroundings),
      updateTime: ports.surroundings.timestamp(),
    }
    await tables.putBreakGlass(stored)
    const act = { caller, grant, method: 'UpdateSettings', response: { settings, etag: stored.etag } }
    await record(ports, tables, { project, name: update.name, operation: before === undefined ? 'CREATE' : 'UPDATE', etag: stored.etag, ...act })
    return stored
  })
}

/** A mode for a name mistyped would leave the cluster that was meant as it was. What was set before may be of a cluster removed since. */
async function requireClusters(
  tables: KnownClusters,
  {
    project,
    settings,
    before,
  }: { readonly project: ProjectId; readonly settings: BreakGlassSettings; readonly before: BreakGlassSettings | undefined },
): Promise<void> {
  for (const key of Object.keys(settings.clusters) as ClusterKey[]) {
    if (before !== undefined && Object.hasOwn(before.clusters, key)) continue
    if ((await tables.findCluster(project, key)) === undefined) throw unknownCluster('Cannot set a mode', { project, cluster: key })
  }
}

/** The key is made with the first thing that needs one, and stays: tokens that were sealed in advance must count after a change of mode. */
function newSettings({ surroundings }: BreakGlassPorts, project: ProjectId): StoredBreakGlass {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  return {
    project,
    settings: DEFAULT_BREAK_GLASS,
    etag: newEtag(surroundings),
    updateTime: surroundings.timestamp(),
    publicKey: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
    privateKey: privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
  }
}

async function requestGrant(ports: BreakGlassPorts, caller: Caller, { parent, request, lifetimeMs }: GrantRequest): Promise<ShownGrant> {
  const project = acceptParent(parent)
  const permission = requirePermission(caller, 'countersign.breakGlass.request', `projects/${project}`)
  const asked: BreakGlassRequest = getValue(parseBreakGlassRequest(request, lifetimeMs), 'Break-glass request is not valid')
  const { surroundings } = ports
  // Short, because people read it to each other: 40 bits, and never reused.
  const id = Buffer.from(surroundings.random(5)).toString('hex')
  const grant: StoredGrant = { project, id, ...asked, requester: caller.principal, requestTime: surroundings.timestamp() }
  return await ports.changes.commit(async (tables) => {
    await getProject(tables, project)
    if ((await tables.findCluster(project, asked.cluster)) === undefined) throw unknownCluster('Cannot ask for a grant', grant)
    const since = new Date(surroundings.now() - DAY_MS).toISOString().replace('Z', '000Z')
    if ((await tables.countAsked(project, caller.principal, since)) >= MAX_ASKED_A_DAY)
      throw new StatusError(
        'RESOURCE_EXHAUSTED',
        `${caller.principal} asked for ${MAX_ASKED_A_DAY} grants within a day: wait, or have somebody else ask`,
      )
    if ((await tables.findGrant(project, id)) !== undefined) throw new StatusError('ABORTED', 'Two grants would have the same id: repeat the request')
    await tables.putGrant(grant)
    await record(ports, tables, {
      project,
      name: nameOf(grant),
      operation: 'CREATE',
      caller,
      grant: permission,
      method: 'RequestGrant',
      response: grant,
    })
    return { grant, state: 'REQUESTED' }
  })
}

async function getGrant(ports: BreakGlassPorts, caller: Caller, name: string): Promise<ShownGrant> {
  const { project, id } = acceptGrantName(name)
  requirePermission(caller, 'countersign.breakGlass.get', name)
  return await ports.changes.read(async (tables) => {
    const grant = await requireGrant(tables, project, id)
    return show(grant, await tables.findBreakGlass(project), { caller, now: ports.surroundings.now() })
  })
}

async function listGrants(ports: BreakGlassPorts, caller: Caller, { parent, asked }: { readonly parent: string; readonly asked: PageAsked }) {
  const project = acceptParent(parent)
  requirePermission(caller, 'countersign.breakGlass.get', `projects/${project}`)
  const scope = ['ListGrants', caller.principal, project]
  const page = acceptPage(ports.pageTokens, scope, asked)
  return await ports.changes.read(async (tables) => {
    await getProject(tables, project)
    const { items, next } = await tables.listGrants(project, page)
    return {
      grants: items.map((grant) => ({ grant, state: stateOf(grant, ports.surroundings.now()) })),
      nextPageToken: ports.pageTokens.seal(scope, next),
    }
  })
}

async function approveGrant(ports: BreakGlassPorts, caller: Caller, name: string): Promise<ShownGrant> {
  const { surroundings } = ports
  return await changeGrant(ports, caller, { name, permission: 'countersign.breakGlass.approve', method: 'ApproveGrant' }, (before) => {
    if (before.requester === caller.principal)
      throw new StatusError('PERMISSION_DENIED', `Grant "${before.id}" was asked for by ${caller.principal}: it is for somebody else to approve`)
    if (before.approval !== undefined) throw new StatusError('FAILED_PRECONDITION', `Grant "${before.id}" is approved already`)
    if (before.revocation !== undefined) throw new StatusError('FAILED_PRECONDITION', `Grant "${before.id}" was revoked: ask for another`)
    const notBefore = surroundings.now()
    const approval = { by: caller.principal, time: surroundings.timestamp(), notBefore, expiresAt: notBefore + before.lifetimeMs }
    return { ...before, approval }
  })
}

async function revokeGrant(ports: BreakGlassPorts, caller: Caller, name: string): Promise<ShownGrant> {
  return await changeGrant(ports, caller, { name, permission: 'countersign.breakGlass.revoke', method: 'RevokeGrant' }, (before) => ({
    ...before,
    revocation: before.revocation ?? { by: caller.principal, time: ports.surroundings.timestamp() },
  }))
}

async function changeGrant(
  ports: BreakGlassPorts,
  caller: Caller,
  { name, permission, method }: { readonly name: string; readonly permission: Permission; readonly method: string },
  change: (before: StoredGrant) => StoredGrant,
): Promise<ShownGrant> {
  const { project, id } = acceptGrantName(name)
  const held = requirePermission(caller, permission, name)
  return await ports.changes.commit(async (tables) => {
    const grant = change(await requireGrant(tables, project, id))
    const known = await tables.findBreakGlass(project)
    const settings = known ?? newSettings(ports, project)
    if (known === undefined) await tables.putBreakGlass(settings)
    await tables.putGrant(grant)
    await record(ports, tables, { project, name, operation: 'UPDATE', caller, grant: held, method, response: grant })
    return show(grant, settings, { caller, now: ports.surroundings.now() })
  })
}

function show(
  grant: StoredGrant,
  settings: StoredBreakGlass | undefined,
  { caller: { principal }, now }: { readonly caller: Caller; readonly now: number },
): ShownGrant {
  const state = stateOf(grant, now)
  const { approval, project, id, cluster, namespace, subject, workload } = grant
  const mayUse = principal === grant.requester || principal === approval?.by
  if (approval === undefined || state !== 'APPROVED' || settings === undefined || !mayUse) return { grant, state }
  const { notBefore, expiresAt } = approval
  const bound = workload === undefined ? {} : { workload }
  const key = createPrivateKey({ key: Buffer.from(settings.privateKey, 'base64'), format: 'der', type: 'pkcs8' })
  return { grant, state, token: sealBreakGlassToken({ id, project, cluster, namespace, subject, ...bound, notBefore, expiresAt }, key) }
}

function stateOf({ approval, revocation }: StoredGrant, now: number): ShownGrant['state'] {
  if (revocation !== undefined) return 'REVOKED'
  if (approval === undefined) return 'REQUESTED'
  return now < approval.expiresAt ? 'APPROVED' : 'EXPIRED'
}

interface Act {
  readonly project: ProjectId
  readonly name: string
  readonly operation: 'CREATE' | 'UPDATE'
  readonly etag?: string
  readonly caller: Caller
  readonly grant: Grant
  readonly method: string
  readonly response: unknown
}

async function record(ports: BreakGlassPorts, tables: ChangeWriter, { project, name, operation, etag, caller, grant, method, response }: Act) {
  await writeChange(
    tables,
    { project, kind: 'BREAK_GLASS', name, operation, ...(etag === undefined ? {} : { etag }) },
    { methodName: `${SERVICE}.${method}`, principal: caller.principal, permissions: [grant], response, time: ports.surroundings.timestamp() },
  )
}

async function requireGrant(tables: BreakGlassTables, project: ProjectId, id: string): Promise<StoredGrant> {
  const stored = await tables.findGrant(project, id)
  if (stored === undefined)
    throw new StatusError('NOT_FOUND', `Requested entity was not found: project "${project}" has no break-glass grant "${id}"`)
  return stored
}

function unknownCluster(cannot: string, { project, cluster }: Pick<StoredGrant, 'project' | 'cluster'>): StatusError {
  const next = `this lists them: countersign clusters list --project ${project}`
  return new StatusError('NOT_FOUND', `${cannot}: project "${project}" has no cluster "${cluster}", ${next}`)
}
