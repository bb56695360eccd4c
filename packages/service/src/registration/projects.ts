import { parseProjectId } from '@countersign/core/name/resource-name.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { Caller } from '../access/caller.ts'
import { requirePermission } from '../access/permission.ts'
import type { TokenTables } from '../access/ports.ts'
import { revokeBound } from '../access/revoke-bound.ts'
import { SERVER_PROJECT } from '../access/tokens.ts'
import type { Changes, Surroundings } from '../changes/change.ts'
import { getValue } from '../changes/invalid.ts'
import { unknownProject } from '../changes/known-project.ts'
import type { PageAsked, PageTokens } from '../changes/page-token.ts'
import { acceptPage } from '../changes/page-token.ts'
import { writeChange } from '../changes/write-change.ts'
import type { Project, ProjectTables } from './ports.ts'

/**
 * A name that nobody may take: the server records its own changes there. The scanners' `goog-analysis` and `goog-vulnz` (DESIGN §13)
 * are created as every project is, by an admin of the whole server.
 */
const RESERVED = SERVER_PROJECT
const SERVICE = 'countersign.v1.Projects'

export interface Projects {
  /** ALREADY_EXISTS where it does; a project deleted and created again has another uid and number and inherits nothing. */
  createProject(caller: Caller, projectId: string): Promise<Project>
  getProject(caller: Caller, projectId: string): Promise<Project>
  /** A caller of one project sees that one. */
  listProjects(caller: Caller, asked: PageAsked): Promise<{ readonly projects: readonly Project[]; readonly nextPageToken: string }>
  /** Removes a project with all it owns, and revokes the tokens that are bound to it. */
  deleteProject(caller: Caller, projectId: string): Promise<void>
}

export interface ProjectPorts {
  readonly changes: Changes<ProjectTables & TokenTables>
  readonly pageTokens: PageTokens
  readonly surroundings: Surroundings
}

/** Projects are created, never guessed: nothing is decided for a name that nobody created (DESIGN §7). */
export function makeProjects(ports: ProjectPorts): Projects {
  return {
    createProject: (caller, projectId) => createProject(ports, caller, projectId),
    getProject: (caller, projectId) => getProject(ports, caller, projectId),
    listProjects: (caller, asked) => listProjects(ports, caller, asked),
    deleteProject: (caller, projectId) => deleteProject(ports, caller, projectId),
  }
}

async function createProject(ports: ProjectPorts, caller: Caller, projectId: string): Promise<Project> {
  const id = getValue(parseProjectId(projectId))
  const grant = requirePermission(caller, 'countersign.projects.create', 'projects')
  if (id === RESERVED) throw new StatusError('INVALID_ARGUMENT', `Cannot create project "${id}": the name is reserved, expected another one`)
  const { surroundings } = ports
  const project: Project = { id, uid: surroundings.uuid(), number: newNumber(surroundings), createTime: surroundings.timestamp() }
  return await ports.changes.commit(async (tables) => {
    const twin = await tables.findProject(id)
    if (twin !== undefined) throw new StatusError('ALREADY_EXISTS', `Cannot create project "${id}": it already exists, created at ${twin.createTime}`)
    await tables.insertProject(project)
    await writeChange(
      tables,
      { project: id, kind: 'PROJECT', name: `projects/${id}`, operation: 'CREATE' },
      {
        methodName: `${SERVICE}.CreateProject`,
        principal: caller.principal,
        permissions: [grant],
        response: project,
        time: ports.surroundings.timestamp(),
      },
    )
    return project
  })
}

async function getProject(ports: ProjectPorts, caller: Caller, projectId: string): Promise<Project> {
  const id = getValue(parseProjectId(projectId))
  requirePermission(caller, 'countersign.projects.get', `projects/${id}`)
  const project = await ports.changes.read((tables) => tables.findProject(id))
  if (project === undefined) throw unknownProject(id, 'NOT_FOUND')
  return project
}

async function listProjects(ports: ProjectPorts, caller: Caller, asked: PageAsked): Promise<{ projects: readonly Project[]; nextPageToken: string }> {
  const own = caller.project
  if (own !== undefined) {
    const project = await ports.changes.read((tables) => tables.findProject(own))
    return { projects: project === undefined ? [] : [project], nextPageToken: '' }
  }
  const scope = ['ListProjects', caller.principal]
  const page = acceptPage(ports.pageTokens, scope, asked)
  const { items, next } = await ports.changes.read((tables) => tables.listProjects(page))
  return { projects: items, nextPageToken: ports.pageTokens.seal(scope, next) }
}

async function deleteProject(ports: ProjectPorts, caller: Caller, projectId: string): Promise<void> {
  const id = getValue(parseProjectId(projectId))
  const grant = requirePermission(caller, 'countersign.projects.delete', `projects/${id}`)
  await ports.changes.commit(async (tables) => {
    const project = await tables.findProject(id)
    if (project === undefined) throw unknownProject(id, 'NOT_FOUND')
    await revokeBound(tables, (token) => token.project === id, ports.surroundings)
    await tables.deleteProject(id)
    await writeChange(
      tables,
      { project: id, kind: 'PROJECT', name: `projects/${id}`, operation: 'DELETE' },
      {
        methodName: `${SERVICE}.DeleteProject`,
        principal: caller.principal,
        permissions: [grant],
        response: project,
        time: ports.surroundings.timestamp(),
      },
    )
  })
}

/** Twelve decimal digits, the first not zero: like the original's project numbers. */
function newNumber(surroundings: Surroundings): string {
  const random = Buffer.from(surroundings.random(8)).readBigUInt64BE()
  return String(100_000_000_000n + (random % 900_000_000_000n))
}
