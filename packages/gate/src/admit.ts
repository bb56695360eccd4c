import { decideAdmission } from '@countersign/core/admission/decide.ts'
import type { AdmissionDecision, UndecidedReason } from '@countersign/core/admission/decision.ts'
import type { AdmissionEvidence, AdmissionWorld, DigestEvidence } from '@countersign/core/admission/evidence.ts'
import { type RequiredEvidence, requiredEvidence } from '@countersign/core/admission/required-evidence.ts'
import type { ImageDigest } from '@countersign/core/image/reference.ts'
import type { AttestorName } from '@countersign/core/name/resource-name.ts'
import type { CompiledPolicy } from '@countersign/core/policy/compile.ts'
import type { Asked } from './asked.ts'
import type { Facts } from './facts/facts.ts'
import type { Recorder } from './record/recorder.ts'
import type { CompiledProject } from './world/world.ts'

/** What an admission is judged with. */
export interface AdmitParts {
  readonly facts: Facts
  readonly recorder: Recorder
  readonly systemPolicy?: CompiledPolicy
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

/**
 * Admits: gather, verify, decide, record; the answer is the caller's. Where everything is in memory nothing is awaited but
 * the record, which is durable before this resolves. Never rejects.
 */
export async function admit(asked: Asked, parts: AdmitParts): Promise<Admission> {
  const world = worldOf(asked, parts)
  const required = requiredEvidence(asked.request, world)
  const known = findKnown(required, asked.project, parts.facts)
  const gathered = known ?? (await gather(required, asked, parts.facts))
  const evidence = { ...world, attestations: gathered.attestations }
  const decision = explainMissing(decideAdmission(asked.request, evidence), gathered.missing)
  return record(asked, { evidence, decision }, parts.recorder)
}

function worldOf({ project, now }: Asked, { systemPolicy }: AdmitParts): AdmissionWorld {
  const { policy, attestors, world } = project
  return { policy, ...(systemPolicy === undefined ? {} : { systemPolicy }), exemptions: world.exemptions, attestors, now }
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
async function gather(required: readonly RequiredEvidence[], asked: Asked, facts: Facts): Promise<Gathered> {
  const attestations: Attestations = {}
  let open = true
  const lookups = required.map(async (pair) => {
    const versioned = asked.project.versioned.get(pair.attestor)
    const found = versioned === undefined ? undefined : await facts.gather(versioned, pair.digest)
    // What comes in late must not change what this decision was made of.
    if (open && found !== undefined) put(attestations, pair, found)
  })
  const all = Promise.allSettled(lookups).then((settled) => (settled.some(({ status }) => status === 'rejected') ? 'FAILED' : 'DONE'))
  const outcome = await withinDeadline(all, asked.deadlineMs)
  open = false
  if (outcome === 'LATE') return { attestations, missing: { code: 'DEADLINE_EXCEEDED' } }
  return outcome === 'FAILED' ? { attestations, missing: { code: 'STORE_UNAVAILABLE' } } : { attestations }
}

function put(attestations: Attestations, { attestor, digest }: RequiredEvidence, found: DigestEvidence): void {
  const digests = attestations[attestor] ?? {}
  digests[digest] = found
  attestations[attestor] = digests
}

async function withinDeadline<T>(work: Promise<T>, deadlineMs: number): Promise<T | 'LATE'> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<'LATE'>((resolve) => {
    timer = setTimeout(() => resolve('LATE'), deadlineMs)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

/** The law knows that evidence was not gathered; the gate knows why. */
function explainMissing(decision: AdmissionDecision, missing: UndecidedReason | undefined): AdmissionDecision {
  if (missing === undefined || decision.undecided?.code !== 'EVIDENCE_NOT_GATHERED') return decision
  return { ...decision, undecided: missing }
}

interface Decided {
  readonly evidence: AdmissionEvidence
  readonly decision: AdmissionDecision
}

async function record(asked: Asked, { evidence, decision }: Decided, recorder: Recorder): Promise<Admission> {
  if (asked.request.serverDryRun || decision.reason === 'NOTHING_TO_JUDGE') return { decision }
  const recorded = await recorder.record({ ...asked, evidence, decision })
  if (recorded.ok) return { decision, receiptDigest: recorded.receiptDigest }
  if (mayGoUnrecorded(decision)) return { decision, unrecorded: 'SPOOL_UNAVAILABLE' }
  const undecided: AdmissionDecision = { ...decision, outcome: 'UNDECIDED', reason: 'COULD_NOT_DECIDE', undecided: { code: 'SPOOL_UNAVAILABLE' } }
  return { decision: undecided, unrecorded: 'SPOOL_UNAVAILABLE' }
}

/** Break-glass must work when the disk does not (DESIGN §8), and a rule that only watches never blocks. */
function mayGoUnrecorded(decision: AdmissionDecision): boolean {
  return (
    decision.reason === 'BREAK_GLASS' ||
    (decision.outcome === 'ALLOWED' && decision.images.every((image) => image.enforcementMode === 'DRYRUN_AUDIT_LOG_ONLY'))
  )
}
