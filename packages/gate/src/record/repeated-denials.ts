import type { CallerVerification } from '@countersign/core/audit/decision-entry.ts'
import type { RepeatedDecisions } from '@countersign/core/audit/repeated-decisions.ts'
import type { Timestamp } from '@countersign/core/instant.ts'

/*
 * Identical denials are counted (docs/decisions/0010-identical-denials-are-counted.md). The first of an identity is recorded as any decision, before its answer. Those that follow within
 * a window are answered by its receipt, which is durable, and counted; a window ends with one record of the same receipt that says how many and when.
 * A count is taken into the record that ends its window or into none: it is put back where that record cannot be written. An identity that a window
 * passed over in silence is forgotten. The table is bounded in rows and bytes: what finds no room has a record of its own.
 */

/** How long denials are counted before the count is recorded. */
export const DENIAL_WINDOW_MS = 60_000
const MAX_IDENTITIES = 10_000
const MAX_BYTES = 32 * 1024 * 1024
/** An identity that is larger is not worth its room. */
const MAX_IDENTITY_BYTES = 32 * 1024

/** A decision's receipt, and what its record says beside it. */
export interface ToldDecision {
  readonly receipt: string
  readonly receiptDigest: string
  readonly verifiedBy: CallerVerification
  readonly certificateSubject?: string
}

type OnDurable = (receiptDigest: string | undefined) => void

interface Row {
  readonly told: ToldDecision
  readonly bytes: number
  /** Absent once the first denial is durable: who asks before that waits for it. */
  waiting: OnDurable[] | undefined
  openedAt: number
  counted: RepeatedDecisions | undefined
}

/** One denial that is to be counted. */
export interface CountedDenial {
  readonly identity: string
  readonly nowMs: number
  readonly timestamp: Timestamp
}

/** Writes what ends a window, and says whether it became durable. */
export type WriteRepeated = (told: ToldDecision, repeated: RepeatedDecisions, settle: (durable: boolean) => void) => void

/** The denials of now, by identity. */
export class RepeatedDenials {
  readonly #rows = new Map<string, Row>()
  readonly #write: WriteRepeated
  #bytes = 0
  #closed = false

  constructor(write: WriteRepeated) {
    this.#write = write
  }

  /** Counts a denial that is known, and answers it by its receipt; false where it needs a record of its own. */
  count({ identity, nowMs, timestamp }: CountedDenial, recorded: OnDurable): boolean {
    const row = this.#rows.get(identity)
    if (row === undefined) return false
    const add = () => {
      row.counted = { count: (row.counted?.count ?? 0) + 1, first: row.counted?.first ?? timestamp, last: timestamp }
      if (this.#closed || isOver(row, nowMs)) this.#endWindow(identity, row, nowMs)
      recorded(row.told.receiptDigest)
    }
    if (row.waiting === undefined) add()
    else row.waiting.push((receiptDigest) => (receiptDigest === undefined ? recorded(undefined) : add()))
    return true
  }

  /** Begins a window with a denial that is being recorded; gives who is to be told when that is done. */
  begin(identity: string, nowMs: number, told: ToldDecision): OnDurable {
    const bytes = 2 * (identity.length + told.receipt.length)
    if (this.#rows.size >= MAX_IDENTITIES || bytes > MAX_IDENTITY_BYTES || this.#bytes + bytes > MAX_BYTES) return () => {}
    const row: Row = { told, bytes, waiting: [], openedAt: nowMs, counted: undefined }
    this.#rows.set(identity, row)
    this.#bytes += bytes
    return (receiptDigest) => {
      const { waiting = [] } = row
      row.waiting = undefined
      if (receiptDigest === undefined) this.#forget(identity, row)
      for (const recorded of waiting) recorded(receiptDigest)
    }
  }

  /** Ends the windows that are over. */
  endWindows(nowMs: number): void {
    for (const [identity, row] of this.#rows) if (row.waiting === undefined && isOver(row, nowMs)) this.#endWindow(identity, row, nowMs)
  }

  /** Ends all windows; what still waits for the first of its kind is recorded with it. */
  close(nowMs: number): void {
    this.#closed = true
    for (const [identity, row] of this.#rows) {
      if (row.counted !== undefined) this.#endWindow(identity, row, nowMs)
      this.#forget(identity, row)
    }
  }

  #endWindow(identity: string, row: Row, nowMs: number): void {
    const { counted } = row
    if (counted === undefined) return this.#forget(identity, row)
    row.counted = undefined
    row.openedAt = nowMs
    this.#write(row.told, counted, (durable) => {
      if (!durable) row.counted = joinCounts(counted, row.counted)
    })
  }

  #forget(identity: string, row: Row): void {
    if (this.#rows.get(identity) === row && this.#rows.delete(identity)) this.#bytes -= row.bytes
  }
}

/** A clock that was set back ends a window too: else it might stay open for ever. */
function isOver({ openedAt }: { readonly openedAt: number }, nowMs: number): boolean {
  return nowMs - openedAt >= DENIAL_WINDOW_MS || nowMs < openedAt
}

function joinCounts(earlier: RepeatedDecisions, later: RepeatedDecisions | undefined): RepeatedDecisions {
  return later === undefined ? earlier : { count: earlier.count + later.count, first: earlier.first, last: later.last }
}
