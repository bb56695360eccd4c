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
import type { Recorder, RecordWitness } from './record/recorder.ts'
import { type Answering, type ReadyAnswer, WaitingAnswer } from './waiting-answer.ts'
import type { CompiledProject } from './world/world.ts'

/** What an admission is judged with. */
export interface AdmitParts {
  readonly facts: Facts
  readonly recorder: Recorder
  readonly systemPolicy?: CompiledPolicy
  /** What an ImageReview must show before it may be concluded; empty: nothing. */
  readonly imageReviewMustShow: readonly UnseenByImageReview[]
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
 * Admits: gather, verify, decide, record; the answer is the caller's, and is made while the record is written. Where everything is in memory
 * nothing is awaited but the record, which is durable before this resolves. Nothing is awaited beyond the deadline. Never rejects.
 */
export function admit<T>(asked: Asked, parts: AdmitParts, answering: Answering<T>): ReadyAnswer<T> | Promise<ReadyAnswer<T>> {
  const world = worldOf(asked, parts)
  const required = requiredEvidence(asked.request, world)
  const known = findKnown(required, asked.project, parts.facts)
  if (known !== undefined) return conclude(asked, world, { gathered: known, parts, answering })
  const deadline = new Deadline(asked.deadlineMs)
  return gather(required, asked, { facts: parts.facts, deadline }).then((gathered) =>
    conclude(asked, world, { gathered, parts, answering, deadline }),
  )
}

interface Concluding<T> {
  readonly gathered: Gathered
  readonly parts: AdmitParts
  readonly answering: Answering<T>
  readonly deadline?: Deadline
}

function conclude<T>(asked: Asked, world: AdmissionWorld, { gathered, parts, answering, deadline }: Concluding<T>) {
  const evidence = { ...world, attestations: gathered.attestations }
  const decision = explainMissing(decideAdmission(asked.request, evidence), gathered.missing)
  if (!asked.request.serverDryRun && decision.reason !== 'NOTHING_TO_JUDGE') {
    const waiting = new WaitingAnswer(decision, answering)
    record({ asked, evidence, decision }, parts.recorder, { waiting, gathering: deadline })
    return waiting.ready
  }
  deadline?.met()
  return answering.prepare({ decision })
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

type Waiting = Pick<WaitingAnswer<unknown>, 'name' | 'settle'>

interface Recording {
  readonly waiting: Waiting
  readonly gathering: Deadline | undefined
}

/**
 * Lets it wait until the decision is on disk, or until it is sure that it is not, or until an answer comes too late: a disk that
 * hangs is one that cannot be written. What was decided may then still reach the log, as decided.
 */
function record(decided: DecidedRequest, recorder: Recorder, { waiting, gathering }: Recording): void {
  const deadline = gathering === undefined ? new Deadline(decided.asked.deadlineMs) : gathering.over ? new Deadline(LAST_MS) : gathering
  recorder.record(decided, witness(waiting, deadline))
}

/** Apart from what the decision was made of, so that none of it lives as long as a crowd waits for the disk. */
function witness(waiting: Waiting, deadline: Deadline): RecordWitness {
  deadline.onOver(() => waiting.settle({ failed: 'DEADLINE_EXCEEDED' }))
  return {
    named: (receiptDigest) => waiting.name(receiptDigest),
    settled: (receiptDigest) => {
      deadline.met()
      waiting.settle(receiptDigest ?? { failed: 'SPOOL_UNAVAILABLE' })
    },
  }
}
