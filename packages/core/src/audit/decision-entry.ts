import type { AdmissionDecision, ImageVerdict } from '../admission/decision.ts'
import { formatDenial, generationOf, listDenialCauses } from '../admission/denial-text.ts'
import type { TextGeneration } from '../admission/denial-text.ts'
import { explainUndecided } from '../admission/explain.ts'
import { findBreakGlassRefusal } from '../break-glass/honour.ts'
import { listAuditLabels, WEBHOOK_NAME } from '../admission/labels.ts'
import type { ReceiptRequest } from '../admission/receipt.ts'
import { formatVisible } from '../admission/visible-text.ts'
import { activityLog, AUDIT_LOG_TYPE } from './log-entry.ts'
import type { AuditLog, EntryStamp, LogEntry, Severity } from './log-entry.ts'
import type { RepeatedDecisions } from './repeated-decisions.ts'
import { objectType, projectRequest, splitApiVersion } from './request-projection.ts'

/** How the gate knew which cluster asked (DESIGN §7). */
export type CallerVerification = 'URL_SEGMENT' | 'CLIENT_CERTIFICATE' | 'SERVICE_ACCOUNT_TOKEN' | 'API_TOKEN' | 'LOCAL'

/** A decision with all that its log entry names. */
export interface RecordedDecision extends EntryStamp {
  readonly request: ReceiptRequest
  readonly decision: AdmissionDecision
  /** `sha256:…` of the receipt; absent where none was made. */
  readonly receiptDigest?: string
  readonly verifiedBy: CallerVerification
  /** Common name of the client certificate by which the caller was verified. */
  readonly certificateSubject?: string
  /** The webhook's name before its audit labels; the original's unless a setting says otherwise. */
  readonly webhookName?: string
  /** Set where the entry stands for denials without one of their own. */
  readonly repeated?: RepeatedDecisions
}

const METADATA_TYPE = 'type.countersign.dev/countersign.v1.DecisionMetadata'
const CODES = { INVALID_ARGUMENT: 3, PERMISSION_DENIED: 7, UNAVAILABLE: 14 }

/**
 * The log entry of a decision, in the shapes of binary-authorization.md §6.7: a denied ImageReview as clusters with
 * ImageReview log it (A: code 7, `PERMISSION_DENIED`), a denied AdmissionReview as those with a webhook do (B: code 3 and
 * the whole text), so that the filters of both generations work verbatim on the path that they were written for. What
 * neither has (reason codes, causes, policy etag, receipt, how the caller was verified) stands in `protoPayload.metadata`.
 */
export function formatDecisionEntry(recorded: RecordedDecision): LogEntry {
  const { request, decision, insertId, timestamp } = recorded
  const { project, scope } = request
  const dot = scope.cluster.indexOf('.')
  const labels = auditLabels(recorded)
  return {
    logName: activityLog(project),
    insertId,
    timestamp,
    severity: severityOf(decision),
    resource: {
      type: 'k8s_cluster',
      labels: { project_id: project, location: scope.cluster.slice(0, dot), cluster_name: scope.cluster.slice(dot + 1) },
    },
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    operation: { id: insertId, producer: 'k8s.io', first: true, last: true },
    protoPayload: formatPayload(recorded),
  }
}

function formatPayload(recorded: RecordedDecision): AuditLog {
  const { request, decision } = recorded
  const generation = generationOf(request)
  const permission = methodOf(request)
  const resource = resourceOf(request)
  // Generation A leaves `granted` out of a denial.
  const granted = decision.outcome === 'ALLOWED' || generation === 'B' ? { granted: true } : {}
  return {
    '@type': AUDIT_LOG_TYPE,
    serviceName: 'k8s.io',
    methodName: permission,
    resourceName: resource,
    authenticationInfo: { principalEmail: formatVisible(request.user?.username ?? 'system:unknown') },
    authorizationInfo: [{ permission, resource, ...granted }],
    ...formatOutcome(request, decision, generation),
    request: projectRequest(request),
    metadata: formatMetadata(recorded),
  }
}

function formatOutcome(request: ReceiptRequest, decision: AdmissionDecision, generation: TextGeneration): Pick<AuditLog, 'status' | 'response'> {
  if (decision.outcome === 'UNDECIDED') {
    const why = decision.undecided === undefined ? 'no reason was given' : explainUndecided(decision.undecided)
    return { status: { code: CODES.UNAVAILABLE, message: `Could not decide: ${why}` } }
  }
  if (decision.outcome === 'ALLOWED') return { status: generation === 'A' ? {} : { code: 0 }, response: projectRequest(request) }
  return generation === 'A' ? denyA(request, decision) : denyB(request, decision)
}

function denyA(request: ReceiptRequest, decision: AdmissionDecision): Pick<AuditLog, 'status' | 'response'> {
  const kind = pluralOf(request)
  const name = formatVisible(request.workload.name)
  const message = `${kind} "${name}" is forbidden: image policy webhook backend denied one or more images: ${formatDenial(decision, 'A')}`
  return {
    status: { code: CODES.PERMISSION_DENIED, message: 'PERMISSION_DENIED' },
    response: {
      '@type': 'core.k8s.io/v1.Status',
      apiVersion: 'v1',
      kind: 'Status',
      metadata: {},
      status: 'Failure',
      code: 403,
      reason: 'Forbidden',
      message,
      details: { kind, ...(name === '' ? {} : { name }) },
    },
  }
}

function denyB(request: ReceiptRequest, decision: AdmissionDecision): Pick<AuditLog, 'status' | 'response'> {
  const message = formatDenial(decision, 'B')
  return {
    status: { code: CODES.INVALID_ARGUMENT, message },
    response: {
      '@type': 'core.k8s.io/v1.Status',
      apiVersion: 'v1',
      kind: 'Status',
      metadata: {},
      status: 'Failure',
      code: 400,
      reason: 'VIOLATES_POLICY',
      message,
      details: { kind: formatVisible(request.workload.kind), causes: listDenialCauses(decision).map(({ reason }) => ({ reason })) },
    },
  }
}

function formatMetadata({ request, decision, receiptDigest, verifiedBy, certificateSubject, repeated }: RecordedDecision): unknown {
  const refused = findBreakGlassRefusal(request, decision)
  return {
    '@type': METADATA_TYPE,
    source: request.source,
    uid: formatVisible(request.uid),
    objectType: objectType(request),
    outcome: decision.outcome,
    reason: decision.reason,
    ...(decision.undecided === undefined ? {} : { undecided: decision.undecided }),
    images: decision.images.map(showVerdict),
    policyEtag: decision.policyEtag,
    ...(request.breakGlass === undefined ? {} : { breakGlass: request.breakGlass.via }),
    ...(request.breakGlass?.grant === undefined ? {} : { breakGlassGrant: request.breakGlass.grant.id }),
    ...(refused === undefined ? {} : { breakGlassRefused: refused }),
    ...(receiptDigest === undefined ? {} : { receiptDigest }),
    verifiedBy,
    ...(certificateSubject === undefined ? {} : { certificateSubject: formatVisible(certificateSubject) }),
    ...(repeated === undefined ? {} : { repeated }),
  }
}

function showVerdict(verdict: ImageVerdict): ImageVerdict {
  const containers = verdict.containers.map((place) => (place.name === undefined ? place : { ...place, name: formatVisible(place.name) }))
  return { ...verdict, image: formatVisible(verdict.image), containers }
}

function auditLabels({ request, decision, webhookName = WEBHOOK_NAME }: RecordedDecision): Readonly<Record<string, string>> {
  const labels = Object.entries(listAuditLabels(decision, generationOf(request)))
  return Object.fromEntries(labels.map(([key, value]) => [`${webhookName}/${key}`, value]))
}

/** `io.k8s.core.v1.pods.create`, `io.k8s.core.v1.pods.ephemeralcontainers.update`. */
function methodOf(request: ReceiptRequest): string {
  const { group, version } = splitApiVersion(request.workload.apiVersion)
  const { subresource } = request.workload
  const steps = [pluralOf(request), ...(subresource === undefined ? [] : [formatVisible(subresource)]), request.operation.toLowerCase()]
  return `io.k8s.${group}.${version}.${steps.join('.')}`
}

/** `core/v1/namespaces/default/pods/nginx`. */
function resourceOf(request: ReceiptRequest): string {
  const { group, version } = splitApiVersion(request.workload.apiVersion)
  const { name, generateName } = request.workload
  return `${group}/${version}/namespaces/${formatVisible(request.scope.namespace)}/${pluralOf(request)}/${formatVisible(name || (generateName ?? ''))}`
}

/** Every kind with images has a regular plural; the request's own word goes before. */
function pluralOf({ workload }: ReceiptRequest): string {
  return formatVisible(workload.resource ?? `${workload.kind.toLowerCase()}s`)
}

function severityOf(decision: AdmissionDecision): Severity {
  if (decision.outcome !== 'ALLOWED') return 'ERROR'
  return decision.reason === 'BREAK_GLASS' || decision.reason === 'DRY_RUN' ? 'WARNING' : 'INFO'
}
