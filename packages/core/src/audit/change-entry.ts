import type { ProjectId } from '../name/resource-name.ts'
import { activityLog, AUDIT_LOG_TYPE } from './log-entry.ts'
import type { AuthorizationInfo, EntryStamp, LogEntry } from './log-entry.ts'

/** A change of a policy, an attestor, a note, … with all that its log entry names. */
export interface RecordedChange extends EntryStamp {
  readonly project: ProjectId
  /** Full gRPC name: `google.cloud.binaryauthorization.v1.BinauthzManagementServiceV1.UpdatePolicy`. */
  readonly methodName: string
  readonly resourceName: string
  readonly principal: string
  readonly permissions: readonly AuthorizationInfo[]
  /** What was asked and what came of it, free of secrets, as plain JSON. */
  readonly request?: unknown
  readonly response?: unknown
  readonly metadata?: unknown
}

/** Packages of gRPC services and the service names under which the original logs them (binary-authorization.md §6.7). */
const SERVICES: readonly (readonly [prefix: string, serviceName: string])[] = [
  ['google.cloud.binaryauthorization.', 'binaryauthorization.googleapis.com'],
  ['google.devtools.containeranalysis.', 'containeranalysis.googleapis.com'],
  ['grafeas.', 'containeranalysis.googleapis.com'],
]

/** The admin-activity log entry of a change that was made. */
export function formatChangeEntry(change: RecordedChange): LogEntry {
  const { project, methodName, resourceName, insertId, timestamp, request, response, metadata } = change
  const serviceName = serviceOf(methodName)
  return {
    logName: activityLog(project),
    insertId,
    timestamp,
    severity: 'NOTICE',
    resource: { type: 'audited_resource', labels: { project_id: project, service: serviceName, method: methodName } },
    protoPayload: {
      '@type': AUDIT_LOG_TYPE,
      serviceName,
      methodName,
      resourceName,
      authenticationInfo: { principalEmail: change.principal },
      authorizationInfo: change.permissions,
      status: {},
      ...(request === undefined ? {} : { request }),
      ...(response === undefined ? {} : { response }),
      ...(metadata === undefined ? {} : { metadata }),
    },
  }
}

/** The service name of a full gRPC method name; `countersign` for our own. */
export function serviceOf(methodName: string): string {
  return SERVICES.find(([prefix]) => methodName.startsWith(prefix))?.[1] ?? 'countersign'
}
