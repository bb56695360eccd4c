import { formatCloudRunDenial, formatDenial, listDenialCauses, listDenied } from '@countersign/core/admission/denial-text.ts'
import type { AdmissionDecision, UndecidedReason } from '@countersign/core/admission/decision.ts'
import { explainUndecided } from '@countersign/core/admission/explain.ts'
import { formatFix } from '@countersign/core/admission/fix.ts'
import { listAuditLabels } from '@countersign/core/admission/labels.ts'
import { explainBreakGlassRefusal } from '@countersign/core/break-glass/grant.ts'
import { findBreakGlassRefusal } from '@countersign/core/break-glass/honour.ts'
import type { AdmissionRequest } from '@countersign/core/admission/request.ts'
import { CLOUD_RUN_UNAUTHORIZED, isKnativeService } from '@countersign/core/workload/cloud-run.ts'
import type { Admission } from './waiting-answer.ts'
import type { GateResponse } from './door/exchange.ts'
import type { ReviewIdentity } from './review/identity.ts'

/** Kubernetes cuts a warning here; a warning that is cut helps nobody, so ours fit. */
const MAX_WARNING = 256
/** More warnings than anyone reads; API servers bound their total length. */
const MAX_WARNINGS = 10
/** The API server's bound for one annotation is far above; an audit log's reader has one too. */
const MAX_ANNOTATION = 8_000

/** Answers a decision in the review's own form. */
export function answerDecision(identity: ReviewIdentity, request: AdmissionRequest, admission: Admission): GateResponse {
  const { decision } = admission
  if (identity.kind === 'ImageReview') {
    const reason = decision.outcome === 'DENIED' ? { reason: formatDenial(decision, 'A') } : {}
    return answerImages(identity, { allowed: decision.outcome === 'ALLOWED', ...reason, auditAnnotations: annotate(request, admission, 'A') })
  }
  const warnings = warn(request, admission)
  return answerAdmission(identity, {
    allowed: decision.outcome === 'ALLOWED',
    ...(decision.outcome === 'DENIED' ? { status: denialStatus(request, decision) } : {}),
    ...(warnings.length === 0 ? {} : { warnings }),
    auditAnnotations: annotate(request, admission, 'B'),
  })
}

/** Answers for a template of which the cluster only wants to be warned: always admitted, because its Pods are decided when they come. */
export function answerEarly(identity: ReviewIdentity, request: AdmissionRequest, admission: Admission): GateResponse {
  const { decision } = admission
  if (identity.kind === 'ImageReview' || decision.outcome === 'ALLOWED') return answerDecision(identity, request, admission)
  const first =
    decision.outcome === 'DENIED'
      ? `Its Pods would be refused: ${formatDenial(decision, 'B')}`
      : `Whether its Pods will be admitted is not known yet. ${formatUndecided(decision.undecided ?? { code: 'STORE_UNAVAILABLE' })}`
  const warnings = cut([first, ...listFixes(decision)])
  return answerAdmission(identity, { allowed: true, warnings, auditAnnotations: { 'workload-warning': decision.outcome } })
}

/** Answers what no rule speaks of. */
export function answerNothingToJudge(identity: ReviewIdentity): GateResponse {
  return identity.kind === 'ImageReview' ? answerImages(identity, { allowed: true }) : answerAdmission(identity, { allowed: true })
}

/** Answers a review that cannot be read: a proper answer with its uid, so that no one gets past a fail-open webhook by sending nonsense. */
export function refuse(identity: ReviewIdentity | undefined, code: 400 | 413, message: string): GateResponse {
  if (identity === undefined) return answerStatus(code, code === 413 ? 'RequestEntityTooLarge' : 'BadRequest', message)
  if (identity.kind === 'ImageReview') return answerImages(identity, { allowed: false, reason: message })
  const reason = code === 413 ? 'RequestEntityTooLarge' : 'BadRequest'
  return answerAdmission(identity, { allowed: false, status: { status: 'Failure', code, reason, message } })
}

/**
 * Answers that nothing was concluded: by default as a failed call (503), so that the cluster's own failure policy speaks and
 * Kubernetes' own metrics count it; where the cluster's owner chose so, as a refusal that says so. Without Retry-After: an API
 * server minds it, asks until its own timeout, and then tells people of the timeout and not of the reason.
 */
export function answerUndecided(identity: ReviewIdentity, message: string, mode: 'error' | 'deny'): GateResponse {
  if (mode === 'error') return answerStatus(503, 'ServiceUnavailable', message)
  if (identity.kind === 'ImageReview') return answerImages(identity, { allowed: false, reason: message })
  return answerAdmission(identity, { allowed: false, status: { status: 'Failure', code: 503, reason: 'ServiceUnavailable', message } })
}

/** A Kubernetes Status as the whole answer: for what is no review, and for calls that fail. */
export function answerStatus(code: number, reason: string, message: string): GateResponse {
  return { status: code, body: JSON.stringify({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', code, reason, message }) }
}

/** Why nothing was concluded, in a sentence with the stable code. */
export function formatUndecided(reason: UndecidedReason): string {
  return `Countersign could not decide (${reason.code}): ${explainUndecided(reason)}`
}

function denialStatus(request: AdmissionRequest, decision: AdmissionDecision) {
  const name = request.workload.name === '' ? {} : { name: request.workload.name }
  const details = { ...name, kind: request.workload.kind, causes: listDenialCauses(decision) }
  if (isKnativeService(request.workload))
    return { status: 'Failure', code: 400, reason: CLOUD_RUN_UNAUTHORIZED, message: formatCloudRunDenial(decision), details }
  return { status: 'Failure', code: 400, reason: 'VIOLATES_POLICY', message: formatDenial(decision, 'B'), details }
}

/** Keys as the original's, without the prefix: the API server puts the webhook's name before them. */
function annotate(
  request: AdmissionRequest,
  { decision, receiptDigest, unrecorded }: Admission,
  generation: 'A' | 'B',
): Readonly<Record<string, string>> {
  const refused = findBreakGlassRefusal(request, decision)
  const fixes = decision.outcome === 'DENIED' ? listFixes(decision).join('\n').slice(0, MAX_ANNOTATION) : ''
  return {
    ...listAuditLabels(decision, generation),
    ...(refused === undefined ? {} : { 'break-glass-refused': refused }),
    ...(request.breakGlass?.grant === undefined ? {} : { 'break-glass-grant': request.breakGlass.grant.id }),
    ...(fixes === '' ? {} : { fix: fixes }),
    ...(receiptDigest === undefined ? {} : { receipt: receiptDigest }),
    ...(unrecorded === undefined ? {} : { unrecorded }),
    // A project that never stored a policy has the default one, which has no version to name.
    ...(decision.policyEtag === '' ? {} : { 'policy-etag': decision.policyEtag }),
  }
}

function warn(request: AdmissionRequest, { decision, unrecorded }: Admission): readonly string[] {
  const warnings: string[] = []
  const recorded = unrecorded === undefined ? '; this is on record' : ''
  if (decision.reason === 'BREAK_GLASS') warnings.push(`Break-glass: admitted by ${request.breakGlass?.key ?? 'its mark'}${recorded}`)
  const refused = findBreakGlassRefusal(request, decision)
  if (refused !== undefined) warnings.push(`Break-glass does not count (${refused}): ${explainBreakGlassRefusal(refused)}`)
  if (unrecorded !== undefined) warnings.push('This decision could not be recorded: the gate’s disk needs attention')
  if (decision.reason === 'DRY_RUN') warnings.push(`Dry run: would be denied. ${formatDenial(decision, 'B')}`)
  if (decision.reason !== 'CONFORMS') warnings.push(...listFixes(decision))
  return cut(warnings)
}

function cut(warnings: readonly string[]): readonly string[] {
  const shown =
    warnings.length > MAX_WARNINGS ? [...warnings.slice(0, MAX_WARNINGS - 1), `… and ${warnings.length - MAX_WARNINGS + 1} more`] : warnings
  return shown.map((warning) => (warning.length > MAX_WARNING ? `${warning.slice(0, MAX_WARNING - 1)}…` : warning))
}

function listFixes(decision: AdmissionDecision): readonly string[] {
  return [...new Set(listDenied(decision).flatMap(({ fix }) => (fix === undefined ? [] : [formatFix(fix)])))]
}

function answerAdmission(identity: ReviewIdentity & { readonly kind: 'AdmissionReview' }, response: object): GateResponse {
  const { kind, apiVersion, uid } = identity
  return { status: 200, body: JSON.stringify({ kind, apiVersion, response: { uid, ...response } }) }
}

function answerImages(identity: ReviewIdentity & { readonly kind: 'ImageReview' }, status: object): GateResponse {
  return { status: 200, body: JSON.stringify({ ...identity, status }) }
}
