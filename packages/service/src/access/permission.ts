import { parseNoteName } from '@countersign/core/name/resource-name.ts'
import type { NoteName } from '@countersign/core/name/resource-name.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { Caller } from './caller.ts'
import type { Role } from './ports.ts'

/** Permissions that only read. The first two families are the original's names (binary-authorization.md §7.1), `countersign.*` are ours. */
const READING = [
  'binaryauthorization.policy.get',
  'binaryauthorization.policy.evaluatePolicy',
  'binaryauthorization.attestors.get',
  'binaryauthorization.attestors.list',
  'binaryauthorization.attestors.verifyImageAttested',
  'containeranalysis.notes.get',
  'containeranalysis.notes.list',
  'containeranalysis.notes.listOccurrences',
  'containeranalysis.occurrences.get',
  'containeranalysis.occurrences.list',
  'countersign.projects.get',
  'countersign.clusters.get',
  'countersign.clusters.list',
  'countersign.exemptions.get',
  'countersign.exemptions.list',
  'countersign.audit.list',
  'countersign.breakGlass.get',
  // Asking opens nothing: somebody with the right to approve must agree.
  'countersign.breakGlass.request',
] as const

/** What signing needs in the attestation project; the right on the note is a second one. */
const ATTESTING = ['containeranalysis.occurrences.create', 'containeranalysis.occurrences.update', 'containeranalysis.occurrences.delete'] as const

const WRITING = [
  'binaryauthorization.policy.update',
  'binaryauthorization.attestors.create',
  'binaryauthorization.attestors.update',
  'binaryauthorization.attestors.delete',
  'containeranalysis.notes.create',
  'containeranalysis.notes.update',
  'containeranalysis.notes.delete',
  'containeranalysis.notes.attachOccurrence',
  'containeranalysis.notes.setIamPolicy',
  'countersign.projects.create',
  'countersign.projects.list',
  'countersign.projects.delete',
  'countersign.clusters.create',
  'countersign.clusters.update',
  'countersign.clusters.delete',
  'countersign.clusters.getSegment',
  'countersign.exemptions.create',
  'countersign.exemptions.delete',
  'countersign.breakGlass.update',
  'countersign.breakGlass.approve',
  'countersign.breakGlass.revoke',
  'countersign.tokens.create',
  'countersign.tokens.list',
  'countersign.tokens.delete',
] as const

/** What a gate that stands alone may do, at its own cluster alone. Nobody else may: who files decisions says what was decided. */
const STANDING = ['countersign.gates.follow', 'countersign.gates.ship'] as const

/** Rights on a note that a token of role `attestor` has by naming it, whatever project the note is in. */
const ON_NAMED_NOTE: readonly string[] = [
  'containeranalysis.notes.attachOccurrence',
  'containeranalysis.notes.get',
  'containeranalysis.notes.listOccurrences',
]

/** Projects of scanners: everybody who may call at all may read their metadata (DESIGN §13), because kritis' filters name them. */
const READABLE_BY_ALL: readonly string[] = ['goog-analysis', 'goog-vulnz']

export type Permission = (typeof READING)[number] | (typeof ATTESTING)[number] | (typeof WRITING)[number] | (typeof STANDING)[number]

/** A permission that was found granted: what an audit record keeps. */
export interface Grant {
  readonly permission: Permission
  readonly resource: string
  readonly granted: true
}

const OF_ROLE: Readonly<Record<Role, ReadonlySet<string>>> = {
  admin: new Set([...READING, ...ATTESTING, ...WRITING]),
  attestor: new Set([...READING, ...ATTESTING]),
  viewer: new Set(READING),
  gate: new Set(STANDING),
}

/**
 * Whether the caller has the permission on the resource: a name as `projects/P`, `projects/P/notes/N`, or `projects` for the server as a whole, which
 * only callers of all projects reach. A project is compared whole, so a prefix of its name opens nothing.
 */
export function mayCall(caller: Caller, permission: Permission, resource: string): boolean {
  if (ON_NAMED_NOTE.includes(permission) && namesNote(caller, resource)) return true
  if (!OF_ROLE[caller.role].has(permission)) return false
  if (caller.role === 'gate') return resource === `projects/${caller.project}/clusters/${caller.cluster}`
  const project = projectIn(resource)
  if (caller.project === undefined || caller.project === project) return true
  return READABLE_BY_ALL.includes(project) && permission.startsWith('containeranalysis.') && OF_ROLE.viewer.has(permission)
}

/** The grant, or PERMISSION_DENIED in the original's words (binary-authorization.md §5.4). */
export function requirePermission(caller: Caller, permission: Permission, resource: string): Grant {
  if (!mayCall(caller, permission, resource)) throw denied(caller, permission, resource)
  return { permission, resource, granted: true }
}

/**
 * The right to attach to a note that exists. An attestor's right is on the note that bore the name when the right was given: one deleted and created
 * again since is another, and is refused like one that was never named.
 */
export function requireAttach(caller: Caller, note: { readonly name: NoteName; readonly createTime: string }): Grant {
  const grant = requirePermission(caller, 'containeranalysis.notes.attachOccurrence', note.name)
  const reborn = caller.role === 'attestor' && caller.grantedAt !== undefined && caller.grantedAt < note.createTime
  if (reborn) throw denied(caller, grant.permission, note.name)
  return grant
}

function denied(caller: Caller, permission: Permission, resource: string): StatusError {
  if (resource === 'projects' && caller.project !== undefined) {
    const bound = `this token is good in project "${caller.project}" only`
    return new StatusError('PERMISSION_DENIED', `permission "${permission}" denied for the server as a whole: ${bound}`)
  }
  const entity = resource.split('/').slice(2)
  const id = entity.at(-1) ?? ''
  return new StatusError('PERMISSION_DENIED', `permission "${permission}" denied for project "${projectIn(resource)}", entity ID "${id}"`)
}

function namesNote(caller: Caller, resource: string): boolean {
  const note = parseNoteName(resource)
  return caller.role === 'attestor' && note.ok && caller.notes.includes(note.value)
}

function projectIn(resource: string): string {
  return resource.split('/')[1] ?? ''
}
