import { decideAdmission } from '@countersign/core/admission/decide.ts'
import type { AdmissionDecision, UndecidedReason } from '@countersign/core/admission/decision.ts'
import type { AdmissionWorld, DigestEvidence, UnseenByImageReview } from '@countersign/core/admission/evidence.ts'
import { type RequiredEvidence, requiredEvidence } from '@countersign/core/admission/required-evidence.ts'
import type { ImageDigest } from '@countersign/core/image/reference.ts'
import type { AttestorName } from '@countersign/core/name/resource-name.ts'
import type { CompiledPolicy } from '@countersign/core/policy/compile.ts'
import type { Asked } from './asked.ts'
import { Deadline } from './deadline.ts'
import type { Facts } from './facts/facts.ts'
import type { DecidedRequest } from './record/decided-request.ts'
import type { Recorder } from './record/recorder.ts'
import type { CompiledProject } from './world/world.ts'

/** What an admission is judged with. */
export interface AdmitParts {
  readonly facts: Facts
  readonly recorder: Recorder
  readonly systemPolicy?: CompiledPolicy
  /** What an ImageReview must show before it may be concluded; empty: nothing. */
  readonly imageReviewMustShow: readonly UnseenByImageReview[]
}

/** A decision and where it was recorded. */
export interface Admission {
  readonly decision: AdmissionDecision
  /** Absent where nothing was recorded: a server-side dry run, or a spool that cannot be written. */
  readonly receiptDigest?: string
  /** Set where the decision stands although it could not be recorded. */
  readonly unrecorded?: 'SPOOL_UNAVAILABLE'
}

type Attestations = Record<AttestorName, Record<ImageDigest, DigestEvidence>>
interface Gathered {
  readonly attestations: Attestations
  /** Why not everything is here. */
  readonly missing?: UndecidedReason
}

/** Kept back for the record where gathering took all the time: half of what an answer needs to travel. */
const LAST_MS = 100

/**
 * Admits: gather, verify, decide, record; the answer is the caller's. Where everything is in memory nothing is awaited but
 * the record, which is durable before this resolves. Nothing is awaited beyond the deadline. Never rejects.
 */
export function admit(asked: Asked, parts: AdmitParts): Admission | Promise<Admission> {
  const world = worldOf(asked, parts)
  const required = requiredEvidence(asked.request, world)
  const known = findKnown(required, asked.project, parts.facts)
  if (known !== undefined) return conclude(asked, world, { gathered: known, parts })
  const deadline = new Deadline(asked.deadlineMs)
  return gather(required, asked, { facts: parts.facts, deadline }).then((gathered) => conclude(asked, world, { gathered, parts, deadline }))
}

interface Concluding {
  readonly gathered: Gathered
  readonly parts: AdmitParts
  readonly deadline?: Deadline
}

function conclude(asked: Asked, world: AdmissionWorld, { gathered, parts, deadline }: Concluding): Admission | Promise<Admission> {
  const evidence = { ...world, attestations: gathered.attestations }
  const decision = explainMissing(decideAdmission(asked.request, evidence), gathered.missing)
  if (!asked.request.serverDryRun && decision.reason !== 'NOTHING_TO_JUDGE') return record({ asked, evidence, decision }, parts.recorder, deadline)
  deadline?.met()
  return { decision }
}

function worldOf({ project, now }: Asked, { systemPolicy, imageReviewMustShow }: AdmitParts): AdmissionWorld {
  const { policy, attestors, world } = project
  return {
    policy,
    ...(systemPolicy === undefined ? {} : { systemPolicy }),
    exemptions: world.exemptions,
    attestors,
    now,
    ...(imageReviewMustShow.length === 0 ? {} : { imageReviewMustShow }),
  }
}

function findKnown(required: readonly RequiredEvidence[], project: CompiledProject, facts: Facts): Gathered | undefined {
  const attestations: Attestations = {}
  for (const { attestor, digest } of required) {
    const versioned = project.versioned.get(attestor)
    const found = versioned === undefined ? undefined : facts.find(versioned, digest)
    if (found === undefined) return undefined
    put(attestations, { attestor, digest }, found)
  }
  return { attestations }
}

/** Asks for all at once, and goes on with what came in time: the law says what the rest means. */
async function gather(
  required: readonly RequiredEvidence[],
  asked: Asked,
  { facts, deadline }: { readonly facts: Facts; readonly deadline: Deadline },
): Promise<Gathered> {
  const attestations: Attestations = {}
  let open = true
  const lookups = required.map(async (pair) => {
    const versioned = asked.project.versioned.get(pair.attestor)
    const found = versioned === undefined ? undefined : await facts.gather(versioned, pair.digest)
    // What comes in late must not change what this decision was made of.
    if (open && found !== undefined) put(attestations, pair, found)
  })
  const all = Promise.allSettled(lookups).then((settled) => (settled.some(({ status }) => status === 'rejected') ? 'FAILED' : 'DONE'))
  const outcome = await Promise.race([all, new Promise<'LATE'>((resolve) => deadline.onOver(() => resolve('LATE')))])
  open = false
  if (outcome === 'LATE') return { attestations, missing: { code: 'DEADLINE_EXCEEDED' } }
  return outcome === 'FAILED' ? { attestations, missing: { code: 'STORE_UNAVAILABLE' } } : { attestations }
}

function put(attestations: Attestations, { attestor, digest }: RequiredEvidence, found: DigestEvidence): void {
  const digests = attestations[attestor] ?? {}
  digests[digest] = found
  attestations[attestor] = digests
}

/** The law knows that evidence was not gathered; the gate knows why. */
function explainMissing(decision: AdmissionDecision, missing: UndecidedReason | undefined): AdmissionDecision {
  if (missing === undefined || decision.undecided?.code !== 'EVIDENCE_NOT_GATHERED') return decision
  return { ...decision, undecided: missing }
}

/**
 * Waits until the decision is on disk, or until it is sure that it is not, or until an answer comes too late: a disk that
 * hangs is one that cannot be written. What was decided may then still reach the log, as decided.
 */
function record(decided: DecidedRequest, recorder: Recorder, gathering: Deadline | undefined): Promise<Admission> {
  const { decision, asked } = decided
  const deadline = gathering === undefined ? new Deadline(asked.deadlineMs) : gathering.over ? new Deadline(LAST_MS) : gathering
  const { recorded, admission } = waitFor(decision, deadline)
  recorder.record(decided, recorded)
  return admission
}

/** Apart from what the decision was made of, so that none of it lives as long as a crowd waits for the disk. */
function waitFor(decision: AdmissionDecision, deadline: Deadline) {
  const { promise: admission, resolve } = Promise.withResolvers<Admission>()
  deadline.onOver(() => resolve(unrecorded(decision, 'DEADLINE_EXCEEDED')))
  const recorded = (receiptDigest: string | undefined) => {
    deadline.met()
    resolve(receiptDigest === undefined ? unrecorded(decision, 'SPOOL_UNAVAILABLE') : { decision, receiptDigest })
  }
  return { recorded, admission }
}

function unrecorded(decision: AdmissionDecision, code: 'SPOOL_UNAVAILABLE' | 'DEADLINE_EXCEEDED'): Admission {
  if (mayGoUnrecorded(decision)) return { decision, unrecorded: 'SPOOL_UNAVAILABLE' }
  const undecided = decision.undecided ?? { code }
  return { decision: { ...decision, outcome: 'UNDECIDED', reason: 'COULD_NOT_DECIDE', undecided }, unrecorded: 'SPOOL_UNAVAILABLE' }
}

/** Break-glass must work when the disk does not (DESIGN §8), and a rule that only watches never blocks. */
function mayGoUnrecorded(decision: AdmissionDecision): boolean {
  return (
    decision.reason === 'BREAK_GLASS' ||
    (decision.outcome === 'ALLOWED' && decision.images.every((image) => image.enforcementMode === 'DRYRUN_AUDIT_LOG_ONLY'))
  )
}
