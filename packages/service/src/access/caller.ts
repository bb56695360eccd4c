import type { Timestamp } from '@countersign/core/instant.ts'
import type { ClusterKey, NoteName, ProjectId } from '@countersign/core/name/resource-name.ts'
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
  /** For the role `gate`: the cluster of `project` that it stands at. */
  readonly cluster?: ClusterKey
  /** When the right on `notes` was given: a note created later under the same name is another one, and not covered. Absent: not judged. */
  readonly grantedAt?: Timestamp
}
