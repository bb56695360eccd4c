import type { UndecidedReason } from '@countersign/core/admission/decision.ts'
import type { AdmissionRequest } from '@countersign/core/admission/request.ts'
import { admit, type AdmitParts } from './admit.ts'
import type { Asked } from './asked.ts'
import { answerDecision, answerEarly, answerNothingToJudge, answerStatus, answerUndecided, formatUndecided, refuse } from './answer.ts'
import { earlyMode } from './early.ts'
import type { GateRequest, GateResponse } from './door/exchange.ts'
import { type CountedDecision, countDecision, countEarly, type GateCounters } from './door/metrics.ts'
import { parseTimeout } from './door/timeout.ts'
import { findIdentity, type ReviewIdentity } from './review/identity.ts'
import { type PinReport, pinPod, type ResolveTag } from './pinning/pin.ts'
import { readReview } from './review/read.ts'
import type { GateSettings } from './settings.ts'
import type { GateLog, Surroundings } from './surroundings.ts'
import type { Follower } from './world/follower.ts'
import { checkBreakGlass } from './break-glass/check.ts'
import { type BreakGlassUse, findBreakGlassUse } from './break-glass/use.ts'
import type { Admission, Answering, ReadyAnswer } from './waiting-answer.ts'
import { findCluster } from './world/world.ts'

export interface HandlerParts extends AdmitParts {
  /** Told of each use of break-glass, beside its answer. */
  readonly onBreakGlass?: (use: BreakGlassUse) => void
  /** Absent: this gate asks no registry, and pins nothing. */
  readonly resolveTag?: ResolveTag
  readonly follower: Follower
  readonly settings: GateSettings
  readonly surroundings: Surroundings
  readonly counters: GateCounters
  readonly log: GateLog
  readonly isReady: () => boolean
}

const WEBHOOK = '/v1/webhook/'
/** Behind a cluster's address: the mutating webhook, which pins tags. */
const PIN = '/pin'
/** Pinning is a help and not a verdict: it takes no more of a Pod's time. */
const MAX_PIN_MS = 5_000
/** What an answer needs to travel: a verdict that arrives after the API server hung up is none. */
const MARGIN_MS = 200

/** An answer that is there at once, or one whose decision must first be durable. No promise is made for the former. */
type Answer = GateResponse | Promise<GateResponse>

/** Makes the gate's whole door as a function of requests: no socket, no framework. */
export function createHandler(parts: HandlerParts): (request: GateRequest) => Promise<GateResponse> {
  // A fault of ours is never a verdict; its text stays inside.
  const fault = (failure: unknown): GateResponse => {
    parts.counters.undecided.INTERNAL++
    parts.log.alarm('A request met a fault of the gate', { cause: failure instanceof Error ? (failure.stack ?? failure.message) : String(failure) })
    return answerStatus(500, 'InternalError', 'Countersign could not decide (INTERNAL): the gate met a fault of its own; its log says which')
  }
  return (request) => {
    try {
      const answer = route(request, parts)
      return answer instanceof Promise ? answer.catch(fault) : Promise.resolve(answer)
    } catch (failure) {
      return Promise.resolve(fault(failure))
    }
  }
}

function route(request: GateRequest, parts: HandlerParts): Answer {
  const cut = request.url.indexOf('?')
  const path = cut < 0 ? request.url : request.url.slice(0, cut)
  if (path.startsWith(WEBHOOK)) {
    return review(request, parts, path.slice(WEBHOOK.length))
  }
  if (path === '/healthz' || path === '/livez') return { status: 200, headers: { 'content-type': 'text/plain' }, body: 'ok\n' }
  if (path === '/readyz')
    return { status: parts.isReady() ? 200 : 503, headers: { 'content-type': 'text/plain' }, body: parts.isReady() ? 'ok\n' : 'not ready\n' }
  parts.counters.refusedByDoor.notFound++
  return answerStatus(404, 'NotFound', 'Nothing is here: a cluster’s webhook address begins with /v1/webhook/')
}

function review(request: GateRequest, parts: HandlerParts, segment: string): Answer {
  if (request.method !== 'POST') return { ...answerStatus(405, 'MethodNotAllowed', 'A review is sent by POST'), headers: { allow: 'POST' } }
  if (segment.endsWith(PIN)) return pin(request, parts, segment.slice(0, -PIN.length))
  const known = findCluster(parts.follower.world, segment)
  if (known === undefined) return unknownCluster(request, parts)
  const read = readReview(request.body, {
    cluster: known.cluster,
    custom: known.custom,
    maxDepth: parts.settings.maxDepth,
    uuid: parts.surroundings.uuid,
  })
  if (read.outcome === 'REFUSE') {
    parts.counters.answers.refused++
    return refuse(read.identity, 400, read.message)
  }
  if (read.outcome === 'NOTHING_TO_JUDGE') {
    parts.counters.answers.nothingToJudge++
    return answerNothingToJudge(read.identity)
  }
  const early = earlyMode(read.request, known.cluster.settings)
  if (early === 'ignore') {
    parts.counters.answers.nothingToJudge++
    return answerNothingToJudge(read.identity)
  }
  if (isStale(parts)) return undecided(request, { code: 'STALE' }, parts)
  const deadlineMs = Math.max((parseTimeout(request.url) ?? parts.settings.decisionTimeoutMs) - MARGIN_MS, 1)
  const now = parts.surroundings.now()
  const marked = checkBreakGlass(read.request, request.body, { world: known.project.world, custom: known.custom, now })
  // A warning decides nothing, so it leaves no record: its Pods' decisions do.
  const judged = early === 'warn' ? { ...marked, serverDryRun: true } : marked
  const asked: Asked = { request: judged, project: known.project, now, deadlineMs, caller: request.caller }
  const answer = admit(
    asked,
    parts,
    answeringOf({ identity: read.identity, request: judged }, early === 'warn' ? prepareEarly : prepareAnswer, parts),
  )
  return answer instanceof Promise ? answer.then(give) : give(answer)
}

function give(answer: ReadyAnswer<GateResponse>): GateResponse {
  return answer()
}

/** A cluster that did not ask for it, and a gate that cannot, change nothing: the validating webhook judges. */
async function pin(request: GateRequest, parts: HandlerParts, segment: string): Promise<GateResponse> {
  const known = findCluster(parts.follower.world, segment)
  if (known === undefined) return unknownCluster(request, parts)
  const identity = findIdentity(request.body)
  const timeoutMs = Math.max(Math.min((parseTimeout(request.url) ?? MAX_PIN_MS) - MARGIN_MS, MAX_PIN_MS), 1)
  const { resolveTag, settings, log } = parts
  const asked = resolveTag !== undefined && known.cluster.settings?.pinTags === true
  const tell = (report: PinReport): void =>
    log.info(report.pinned === undefined ? 'Tags of a Pod were not pinned' : 'Tags of a Pod were pinned', {
      project: known.cluster.project,
      cluster: known.cluster.key,
      ...report,
    })
  const pinned = asked ? await pinPod(request, { resolveTag, tell, timeoutMs, maxDepth: settings.maxDepth }) : undefined
  return pinned ?? (identity === undefined ? refuse(identity, 400, 'Countersign cannot read the review') : answerNothingToJudge(identity))
}

interface Judged {
  readonly identity: ReviewIdentity
  readonly request: AdmissionRequest
}

type Prepare = (judged: Judged, admission: Admission, parts: HandlerParts) => ReadyAnswer<GateResponse>

function answeringOf(judged: Judged, prepare: Prepare, parts: HandlerParts): Answering<GateResponse> {
  return { prepare: (admission) => prepare(judged, admission, parts), prepareUndecided: undecidedOf(judged.identity, parts) }
}

function undecidedOf(identity: ReviewIdentity, parts: HandlerParts): Answering<GateResponse>['prepareUndecided'] {
  return (reason) => counted({ outcome: 'UNDECIDED', reason: 'COULD_NOT_DECIDE', undecided: reason }, textOfUndecided(identity, reason, parts), parts)
}

function prepareEarly({ identity, request }: Judged, admission: Admission, { counters }: HandlerParts): ReadyAnswer<GateResponse> {
  return () => {
    countEarly(counters, admission.decision)
    return answerEarly(identity, request, admission)
  }
}

function prepareAnswer({ identity, request }: Judged, admission: Admission, parts: HandlerParts): ReadyAnswer<GateResponse> {
  const { outcome, reason, undecided: cause } = admission.decision
  const response =
    outcome === 'UNDECIDED' ? textOfUndecided(identity, cause ?? { code: 'STORE_UNAVAILABLE' }, parts) : answerDecision(identity, request, admission)
  const answer = counted({ outcome, reason, ...(cause === undefined ? {} : { undecided: cause }) }, response, parts)
  const use = parts.onBreakGlass && findBreakGlassUse(request, admission, parts.surroundings.timestamp())
  return use === undefined ? answer : told(use, answer, parts)
}

/** Holds the text and what is counted of a decision, nothing else. */
function counted(decision: CountedDecision, response: GateResponse, { counters }: HandlerParts): ReadyAnswer<GateResponse> {
  return () => {
    countDecision(counters, decision)
    return response
  }
}

function told(use: BreakGlassUse, answer: ReadyAnswer<GateResponse>, { onBreakGlass }: HandlerParts): ReadyAnswer<GateResponse> {
  return () => {
    onBreakGlass?.(use)
    return answer()
  }
}

function textOfUndecided(identity: ReviewIdentity, reason: UndecidedReason, { settings }: HandlerParts): GateResponse {
  return answerUndecided(identity, formatUndecided(reason), settings.undecided)
}

function isStale({ follower, settings }: HandlerParts): boolean {
  return settings.stalenessBudgetMs !== undefined && follower.ageMs > settings.stalenessBudgetMs
}

/** Before the first world was read nobody can say which clusters exist. Both are never decided: nothing falls back to a default. */
function unknownCluster(request: GateRequest, parts: HandlerParts): GateResponse {
  if (!parts.follower.loaded) return undecided(request, { code: 'STORE_UNAVAILABLE' }, parts)
  parts.counters.undecided.UNKNOWN_CLUSTER++
  return answerStatus(404, 'NotFound', formatUndecided({ code: 'UNKNOWN_CLUSTER' }))
}

function undecided(request: GateRequest, reason: UndecidedReason, parts: HandlerParts): GateResponse {
  parts.counters.undecided[reason.code]++
  const identity = findIdentity(request.body)
  const message = formatUndecided(reason)
  if (identity === undefined) return answerStatus(503, 'ServiceUnavailable', message)
  return answerUndecided(identity, message, parts.settings.undecided)
}
