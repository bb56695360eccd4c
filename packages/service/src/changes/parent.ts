import { parseProjectId } from '@countersign/core/name/resource-name.ts'
import type { ProjectId } from '@countersign/core/name/resource-name.ts'
import { quote } from '@countersign/core/quote.ts'
import { StatusError } from '@countersign/core/status.ts'
import { getValue } from './invalid.ts'

/** The project of a parent `projects/P`, or INVALID_ARGUMENT in the reference server's words (kritis-and-grafeas.md §4.6). */
export function acceptParent(parent: string): ProjectId {
  const [collection, id, ...rest] = parent.split('/')
  const isProject = collection === 'projects' && id !== undefined && id !== '' && rest.length === 0
  if (isProject) return getValue(parseProjectId(id))
  throw new StatusError('INVALID_ARGUMENT', `project name must be in the form "projects/[PROJECT_ID]", got ${quote(parent)}`)
}
