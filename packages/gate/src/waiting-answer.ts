import type { AdmissionDecision, UndecidedReason } from '@countersign/core/admission/decision.ts'

/** A decision and where it was recorded. */
export interface Admission {
  readonly decision: AdmissionDecision
  /** Absent where nothing was recorded: a server-side dry run, or a spool that cannot be written. */
  readonly receiptDigest?: string
  /** Set where the decision stands although it could not be recorded. */
  readonly unrecorded?: 'SPOOL_UNAVAILABLE'
}

/** An answer that is made, and is to be given: what happens only then (counting, telling) happens in the call. */
export type ReadyAnswer<T> = () => T

/** How an admission is answered. What either gives back should hold little: hundreds of them wait for the disk. */
export interface Answering<T> {
  readonly prepare: (admission: Admission) => ReadyAnswer<T>
  /** The answer to one that could not be recorded and must not stand so. */
  readonly prepareUndecided: (reason: UndecidedReason) => ReadyAnswer<T>
}

/**
 * An answer while the record of its decision is made durable. It is made as soon as the receipt has its name, and from then
 * on nothing that it was made of is held: a crowd that waits for the disk is the text of its answers. Never given before
 * `settle` says that the record is durable.
 */
export class WaitingAnswer<T> {
  /** Resolves with what may be given now; never rejects. */
  readonly ready: Promise<ReadyAnswer<T>>
  readonly #resolve: (answer: ReadyAnswer<T>) => void
  readonly #otherwise: (code: UnrecordedCode) => ReadyAnswer<T>
  #prepare: ((receiptDigest: string) => ReadyAnswer<T>) | undefined
  #prepared: ReadyAnswer<T> | undefined

  constructor(decision: AdmissionDecision, answering: Answering<T>) {
    const { promise, resolve } = Promise.withResolvers<ReadyAnswer<T>>()
    this.ready = promise
    this.#resolve = resolve
    this.#otherwise = answerUnrecorded(decision, answering)
    this.#prepare = answerRecorded(decision, answering)
  }

  /** The receipt has its name, and is not durable yet. */
  name(receiptDigest: string): void {
    this.#prepared = this.#prepare?.(receiptDigest)
    this.#prepare = undefined
  }

  /** The record is durable under this name, or it is sure that it is not, or nobody can wait for it any longer. Only the first call counts. */
  settle(recorded: string | { readonly failed: UnrecordedCode }): void {
    const [prepared, prepare] = [this.#prepared, this.#prepare]
    if (typeof recorded !== 'string') this.#resolve(() => this.#otherwise(recorded.failed)())
    else if (prepared !== undefined) this.#resolve(prepared)
    else if (prepare !== undefined) this.#resolve(() => prepare(recorded)())
  }
}

type UnrecordedCode = 'SPOOL_UNAVAILABLE' | 'DEADLINE_EXCEEDED'

// Functions of their own, because functions made in one scope hold all that any of them needs.
function answerRecorded<T>(decision: AdmissionDecision, { prepare }: Answering<T>) {
  return (receiptDigest: string): ReadyAnswer<T> => prepare({ decision, receiptDigest })
}

function answerUnrecorded<T>(decision: AdmissionDecision, { prepare, prepareUndecided }: Answering<T>) {
  return mayGoUnrecorded(decision) ? answerStanding(decision, prepare) : answerUndecided(decision.undecided, prepareUndecided)
}

function answerStanding<T>(decision: AdmissionDecision, prepare: Answering<T>['prepare']) {
  return (): ReadyAnswer<T> => prepare({ decision, unrecorded: 'SPOOL_UNAVAILABLE' })
}

function answerUndecided<T>(known: UndecidedReason | undefined, prepareUndecided: Answering<T>['prepareUndecided']) {
  return (code: UnrecordedCode): ReadyAnswer<T> => prepareUndecided(known ?? { code })
}

/** Break-glass must work when the disk does not (DESIGN §8), and a rule that only watches never blocks. */
function mayGoUnrecorded(decision: AdmissionDecision): boolean {
  return (
    decision.reason === 'BREAK_GLASS' ||
    (decision.outcome === 'ALLOWED' && decision.images.every((image) => image.enforcementMode === 'DRYRUN_AUDIT_LOG_ONLY'))
  )
}
