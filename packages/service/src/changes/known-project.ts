import type { ProjectId } from '@countersign/core/name/resource-name.ts'
import { StatusError } from '@countersign/core/status.ts'

/** What a flow needs to know of projects: whether somebody created this one, and its number. */
export interface KnownProjects {
  findProject(id: ProjectId): Promise<{ readonly id: ProjectId; readonly number: string } | undefined>
}

/** The project, or NOT_FOUND that begins as the original's does (binary-authorization.md §5.4): nothing exists below a name that nobody created. */
export async function getProject(tables: KnownProjects, id: ProjectId): Promise<{ readonly id: ProjectId; readonly number: string }> {
  const project = await tables.findProject(id)
  if (project === undefined) throw unknownProject(id, 'NOT_FOUND')
  return project
}

/** The refusal of a project that does not exist; ListAttestors answers INVALID_ARGUMENT (§5.3), all others NOT_FOUND. */
export function unknownProject(id: ProjectId, code: 'NOT_FOUND' | 'INVALID_ARGUMENT'): StatusError {
  return new StatusError(code, `Requested entity was not found: project "${id}" does not exist, create it with: countersign projects create ${id}`)
}
