import { timingSafeEqual } from 'node:crypto'
import type { Timestamp } from '@countersign/core/instant.ts'
import { parseClusterKey, parseNoteName, parseProjectId } from '@countersign/core/name/resource-name.ts'
import type { ClusterKey, NoteName, ProjectId } from '@countersign/core/name/resource-name.ts'
import { quote } from '@countersign/core/quote.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { ChangeOperation, Changes, ChangeWriter, Surroundings } from '../changes/change.ts'
import { getValue } from '../changes/invalid.ts'
import type { KnownProjects } from '../changes/known-project.ts'
import { getProject } from '../changes/known-project.ts'
import { writeChange } from '../changes/write-change.ts'
import type { Caller } from './caller.ts'
import type { Grant } from './permission.ts'
import { requirePermission } from './permission.ts'
import type { KnownClusters, KnownNotes, Role, StoredToken, TokenTables } from './ports.ts'
import { hashSecret, makeTokenText, parseTokenText } from './secret.ts'

/** The project under which changes of the server as a whole are recorded; nobody may create a project of this name. */
export const SERVER_PROJECT: ProjectId = getValue(parseProjectId('countersign'))

const ROLES: readonly string[] = ['admin', 'attestor', 'viewer', 'gate'] satisfies readonly Role[]
const MAX_NOTES = 100
const SERVICE = 'countersign.v1.Tokens'

/** What a new token shall be. */
export interface TokenRequest {
  readonly displayName: string
  readonly role: string
  /** Absent: all projects. */
  readonly project?: string
  readonly notes?: readonly string[]
  /** For the role `gate`: `LOCATION.NAME` of a cluster of the project. */
  readonly cluster?: string
  readonly expireTime?: Timestamp
}

/** A token without its hash: fit to be shown. */
export type TokenView = Omit<StoredToken, 'secretHash'>

export interface Tokens {
  /** Who holds this token text. UNAUTHENTICATED for one that is unknown, expired or revoked. */
  authenticate(text: string): Promise<Caller>
  /** Makes a token; its text is in the answer, once, and is kept nowhere. */
  createToken(caller: Caller, request: TokenRequest): Promise<{ readonly token: TokenView; readonly text: string }>
  /** All tokens that the caller's reach covers, revoked ones included. */
  listTokens(caller: Caller): Promise<readonly TokenView[]>
  /** Revokes at once; a token revoked before stays as it is. */
  revokeToken(caller: Caller, id: string): Promise<TokenView>
}

export interface TokenPorts {
  readonly changes: Changes<TokenTables & KnownProjects & KnownNotes & KnownClusters>
  readonly surroundings: Surroundings
}

/** API tokens: made by admins, kept as SHA-256, compared in constant time. */
export function makeTokens(ports: TokenPorts): Tokens {
  return {
    authenticate: (text) => authenticate(ports, text),
    createToken: (caller, request) => createToken(ports, caller, request),
    listTokens: (caller) => listTokens(ports, caller),
    revokeToken: (caller, id) => revokeToken(ports, caller, id),
  }
}

async function authenticate(ports: TokenPorts, text: string): Promise<Caller> {
  const given = parseTokenText(text)
  if (given === undefined) throw unauthenticated('the token has not the form cs_ID_SECRET')
  const token = await ports.changes.read((tables) => tables.findToken(given.id))
  // A token that nobody made is compared too, so that the time of the answer does not tell which ids exist.
  const genuine = timingSafeEqual(Buffer.from(hashSecret(given.secret)), Buffer.from(token?.secretHash ?? hashSecret('')))
  if (token === undefined || !genuine) throw unauthenticated('the token is unknown')
  if (token.revokeTime !== undefined) throw unauthenticated(`the token was revoked at ${token.revokeTime}`)
  const expired = token.expireTime !== undefined && Date.parse(token.expireTime) <= ports.surroundings.now()
  if (expired) throw unauthenticated(`the token expired at ${token.expireTime}`)
  return callerOf(token)
}

function callerOf(token: StoredToken): Caller {
  const { role, notes, project, cluster } = token
  const bounds = { ...(project === undefined ? {} : { project }), ...(cluster === undefined ? {} : { cluster }) }
  return { principal: `token:${token.id}`, role, notes, grantedAt: token.createTime, ...bounds }
}

async function createToken(ports: TokenPorts, caller: Caller, request: TokenRequest): Promise<{ token: TokenView; text: string }> {
  const project = request.project === undefined ? undefined : getValue(parseProjectId(request.project))
  const notes = (request.notes ?? []).map((note) => getValue(parseNoteName(note)))
  const cluster = request.cluster === undefined ? undefined : getValue(parseClusterKey(request.cluster))
  const grants = [
    requirePermission(caller, 'countersign.tokens.create', scopeOf(project)),
    ...notes.map((note) => requirePermission(caller, 'containeranalysis.notes.setIamPolicy', note)),
  ]
  const role = acceptRole(request, notes)
  const { id, secret, text } = makeTokenText(ports.surroundings)
  const token: StoredToken = {
    id,
    secretHash: hashSecret(secret),
    displayName: request.displayName,
    role,
    notes,
    createTime: ports.surroundings.timestamp(),
    ...(project === undefined ? {} : { project }),
    ...(cluster === undefined ? {} : { cluster }),
    ...(request.expireTime === undefined ? {} : { expireTime: request.expireTime }),
  }
  await ports.changes.commit(async (tables) => {
    if (project !== undefined) await getProject(tables, project)
    for (const note of notes) await requireNote(tables, note)
    if (project !== undefined && cluster !== undefined) await requireCluster(tables, project, cluster)
    await tables.insertToken(token)
    await record(ports, tables, { caller, token, operation: 'CREATE', grants })
  })
  return { token: viewOf(token), text }
}

function acceptRole(request: TokenRequest, notes: readonly NoteName[]): Role {
  const refuse = (message: string): never => {
    throw new StatusError('INVALID_ARGUMENT', `Cannot create a token: ${message}`)
  }
  if (!isRole(request.role)) return refuse(`the role is ${quote(request.role)}, expected admin, attestor, viewer or gate`)
  if (request.displayName === '' || request.displayName.length > 200) return refuse('the display name is expected to have 1 to 200 characters')
  if (request.role !== 'attestor' && notes.length > 0) return refuse(`notes are named for the role ${request.role}, expected the role attestor`)
  if (request.role === 'attestor' && notes.length === 0) return refuse('the role attestor names no note, expected at least one that it may attach to')
  const bound = request.project !== undefined && request.cluster !== undefined
  if (request.role === 'gate' && !bound) return refuse('the role gate names no cluster, expected a project and one of its clusters')
  if (request.role !== 'gate' && request.cluster !== undefined)
    return refuse(`a cluster is named for the role ${request.role}, expected the role gate`)
  if (notes.length > MAX_NOTES) return refuse(`${notes.length} notes are named, expected at most ${MAX_NOTES}`)
  if (request.expireTime !== undefined && Number.isNaN(Date.parse(request.expireTime))) return refuse('the expiry is not an RFC 3339 time')
  return request.role
}

async function listTokens(ports: TokenPorts, caller: Caller): Promise<readonly TokenView[]> {
  requirePermission(caller, 'countersign.tokens.list', scopeOf(caller.project))
  const tokens = await ports.changes.read((tables) => tables.listTokens())
  return tokens.filter((token) => isWithinReach(caller, token)).map(viewOf)
}

async function revokeToken(ports: TokenPorts, caller: Caller, id: string): Promise<TokenView> {
  const grant = requirePermission(caller, 'countersign.tokens.delete', scopeOf(caller.project))
  return await ports.changes.commit(async (tables) => {
    const token = await tables.findToken(id)
    if (token === undefined || !isWithinReach(caller, token))
      throw new StatusError('NOT_FOUND', `Cannot revoke token ${quote(id)}: it does not exist`)
    if (token.revokeTime !== undefined) return viewOf(token)
    const revoked = { ...token, revokeTime: ports.surroundings.timestamp() }
    await tables.revokeToken(id, revoked.revokeTime)
    await record(ports, tables, { caller, token: revoked, operation: 'DELETE', grants: [grant] })
    return viewOf(revoked)
  })
}

interface TokenChange {
  readonly caller: Caller
  readonly token: StoredToken
  readonly operation: ChangeOperation
  readonly grants: readonly Grant[]
}

async function record(ports: TokenPorts, tables: ChangeWriter, { caller, token, operation, grants }: TokenChange): Promise<void> {
  const project = token.project ?? SERVER_PROJECT
  const methodName = `${SERVICE}.${operation === 'CREATE' ? 'CreateToken' : 'RevokeToken'}`
  await writeChange(
    tables,
    { project, kind: 'TOKEN', name: `tokens/${token.id}`, operation },
    { methodName, principal: caller.principal, permissions: grants, response: viewOf(token), time: ports.surroundings.timestamp() },
  )
}

async function requireNote(tables: KnownNotes, name: NoteName): Promise<void> {
  if ((await tables.findNote(name)) !== undefined) return
  throw new StatusError('NOT_FOUND', `Cannot give a right on note "${name}": it does not exist, create it first`)
}

async function requireCluster(tables: KnownClusters, project: ProjectId, key: ClusterKey): Promise<void> {
  if ((await tables.findCluster(project, key)) !== undefined) return
  const command = `countersign clusters register ${key} --project ${project}`
  throw new StatusError(
    'NOT_FOUND',
    `Cannot give a right on cluster "${key}": project "${project}" has none of this key, register it with: ${command}`,
  )
}

function viewOf({ secretHash: _, ...view }: StoredToken): TokenView {
  return view
}

function isWithinReach(caller: Caller, token: StoredToken): boolean {
  return caller.project === undefined || token.project === caller.project
}

function isRole(text: string): text is Role {
  return ROLES.includes(text)
}

function scopeOf(project: ProjectId | undefined): string {
  return project === undefined ? 'projects' : `projects/${project}`
}

function unauthenticated(why: string): StatusError {
  return new StatusError('UNAUTHENTICATED', `Request had invalid authentication credentials: ${why}`)
}
