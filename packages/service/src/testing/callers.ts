import { getValue } from '../changes/invalid.ts'
import { parseNoteName, parseProjectId } from '@countersign/core/name/resource-name.ts'
import type { Caller } from '../access/caller.ts'
import type { Role } from '../access/ports.ts'

/** A caller of all projects with every right. */
export const ADMIN: Caller = { principal: 'token:admin', role: 'admin', notes: [] }

/** A caller of one project. */
export function callerOf(role: Role, project: string, notes: readonly string[] = []): Caller {
  return {
    principal: `token:${role}-${project}`,
    role,
    project: getValue(parseProjectId(project)),
    notes: notes.map((note) => getValue(parseNoteName(note))),
  }
}
