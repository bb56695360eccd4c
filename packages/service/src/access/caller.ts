import type { NoteName, ProjectId } from '@countersign/core/name/resource-name.ts'
import type { Role } from './ports.ts'

/** Who calls, after authentication. */
export interface Caller {
  /** What audit records name: `token:<id>` or an e-mail address. */
  readonly principal: string
  readonly role: Role
  /** Absent: all projects. */
  readonly project?: ProjectId
  /** For the role `attestor`: the notes it may attach to. */
  readonly notes: readonly NoteName[]
}
