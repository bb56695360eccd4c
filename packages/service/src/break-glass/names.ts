import { parseProjectId, type ProjectId } from '@countersign/core/name/resource-name.ts'
import { quote } from '@countersign/core/quote.ts'
import { StatusError } from '@countersign/core/status.ts'
import { getValue } from '../changes/invalid.ts'
import type { StoredGrant } from './ports.ts'

/** `projects/P/breakGlassGrants/ID` */
export function nameOf({ project, id }: Pick<StoredGrant, 'project' | 'id'>): string {
  return `projects/${project}/breakGlassGrants/${id}`
}

/** The project and the id of a grant's name, or INVALID_ARGUMENT. */
export function acceptGrantName(name: string): { readonly project: ProjectId; readonly id: string } {
  const match = /^projects\/([^/]+)\/breakGlassGrants\/([0-9a-f]{10})$/.exec(name)
  if (match !== null) return { project: getValue(parseProjectId(match[1] ?? '')), id: match[2] ?? '' }
  throw new StatusError(
    'INVALID_ARGUMENT',
    `grant name must be in the form "projects/[PROJECT_ID]/breakGlassGrants/[ID]", the id ten hexadecimal digits, got ${quote(name)}`,
  )
}

/** The project of `projects/P/breakGlass`, or INVALID_ARGUMENT. */
export function acceptSettingsName(name: string): ProjectId {
  const match = /^projects\/([^/]+)\/breakGlass$/.exec(name)
  if (match !== null) return getValue(parseProjectId(match[1] ?? ''))
  throw new StatusError('INVALID_ARGUMENT', `name must be in the form "projects/[PROJECT_ID]/breakGlass", got ${quote(name)}`)
}
