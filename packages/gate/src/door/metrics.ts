import type { AdmissionDecision, UndecidedReason } from '@countersign/core/admission/decision.ts'

/** What the gate counts. Every key comes from a closed list of the program: no image, cluster or caller is ever a label. */
export interface GateCounters {
  /** `warned`: a template that was admitted, and of whose Pods it was said that they would not be, or might not. */
  readonly answers: { allowed: number; denied: number; warned: number; nothingToJudge: number; refused: number }
  readonly overridden: { breakGlass: number; dryRun: number }
  /** Could not decide, by reason: counted apart, never as a denial. */
  readonly undecided: Record<UndecidedReason['code'] | 'OVERLOADED' | 'INTERNAL', number>
  readonly refusedByDoor: { tooLarge: number; overloaded: number; notFound: number; aborted: number }
}

/** Counters at zero. */
export function newCounters(): GateCounters {
  return {
    answers: { allowed: 0, denied: 0, warned: 0, nothingToJudge: 0, refused: 0 },
    overridden: { breakGlass: 0, dryRun: 0 },
    undecided: {
      NEEDS_SERVICE_ACCOUNT: 0,
      NEEDS_IMAGE_VOLUMES: 0,
      NEEDS_LABELS: 0,
      EVIDENCE_NOT_GATHERED: 0,
      UNKNOWN_PROJECT: 0,
      UNKNOWN_CLUSTER: 0,
      STALE: 0,
      STORE_UNAVAILABLE: 0,
      SPOOL_UNAVAILABLE: 0,
      DEADLINE_EXCEEDED: 0,
      OVERLOADED: 0,
      INTERNAL: 0,
    },
    refusedByDoor: { tooLarge: 0, overloaded: 0, notFound: 0, aborted: 0 },
  }
}

/** What is counted of a decision. */
export type CountedDecision = Pick<AdmissionDecision, 'outcome' | 'reason' | 'undecided'>

/** Counts a decision that is about to be answered. */
export function countDecision(counters: GateCounters, decision: CountedDecision): void {
  if (decision.reason === 'BREAK_GLASS') counters.overridden.breakGlass++
  if (decision.reason === 'DRY_RUN') counters.overridden.dryRun++
  if (decision.outcome === 'UNDECIDED') counters.undecided[decision.undecided?.code ?? 'STORE_UNAVAILABLE']++
  else if (decision.outcome === 'DENIED') counters.answers.denied++
  else if (decision.reason === 'NOTHING_TO_JUDGE') counters.answers.nothingToJudge++
  else counters.answers.allowed++
}

/** Counts what a template's Pods would meet, which refuses nothing. */
export function countEarly(counters: GateCounters, decision: AdmissionDecision): void {
  if (decision.outcome === 'ALLOWED') countDecision(counters, decision)
  else counters.answers.warned++
}
