import type { Timestamp } from '../instant.ts'
import type { ProjectId } from '../name/resource-name.ts'

/** Severity as Cloud Logging spells it. */
export type Severity = 'DEFAULT' | 'INFO' | 'NOTICE' | 'WARNING' | 'ERROR'

/** A permission that was checked; a denial of generation A leaves `granted` out (binary-authorization.md §6.7). */
export interface AuthorizationInfo {
  readonly permission: string
  readonly resource: string
  readonly granted?: boolean
}

/** `google.cloud.audit.AuditLog` in JSON, as far as it is written here. */
export interface AuditLog {
  readonly '@type': 'type.googleapis.com/google.cloud.audit.AuditLog'
  readonly serviceName: string
  readonly methodName: string
  readonly resourceName: string
  readonly authenticationInfo: { readonly principalEmail: string }
  readonly authorizationInfo: readonly AuthorizationInfo[]
  readonly status: { readonly code?: number; readonly message?: string }
  readonly request?: unknown
  readonly response?: unknown
  /** Our extension, marked by its own `@type`. */
  readonly metadata?: unknown
}

/** `google.logging.v2.LogEntry` in JSON: the shape that filters of the original are written for. */
export interface LogEntry {
  readonly logName: string
  readonly insertId: string
  readonly timestamp: Timestamp
  readonly severity: Severity
  readonly resource: { readonly type: string; readonly labels: Readonly<Record<string, string>> }
  readonly labels?: Readonly<Record<string, string>>
  readonly operation?: { readonly id: string; readonly producer: string; readonly first: boolean; readonly last: boolean }
  readonly protoPayload: AuditLog
}

/** What an entry needs from outside: nothing here makes ids or reads clocks. */
export interface EntryStamp {
  /** A UUID; of a decision also its operation's id. */
  readonly insertId: string
  /** RFC 3339, UTC. */
  readonly timestamp: Timestamp
}

/** The log of everything that changes or admits something. */
export function activityLog(project: ProjectId): string {
  return `projects/${project}/logs/cloudaudit.googleapis.com%2Factivity`
}

export const AUDIT_LOG_TYPE = 'type.googleapis.com/google.cloud.audit.AuditLog'
