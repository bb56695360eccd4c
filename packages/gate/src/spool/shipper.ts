import type { GateLog } from '../surroundings.ts'
import type { RecordSink, SpoolRecord } from '../ports.ts'
import type { Spool } from './spool.ts'

const BATCH = 500
const MAX_WAITING = 2_000
const REFILL = 2_000
const FIRST_PAUSE_MS = 100
const MAX_PAUSE_MS = 30_000
/** In a row, which is about a minute: a store that restarts is back by then. */
const FAILURES_TO_ALARM = 10

/**
 * Carries durable records from the spool to the store, in order, at least once. It holds a bounded number of them in
 * memory; behind that, it reads the segments again. A store that is away is asked again with growing pauses.
 */
export class Shipper {
  readonly #spool: Spool
  readonly #sink: RecordSink
  readonly #log: GateLog
  /** Records to ship next, contiguous; where it ends before the spool does, the rest is read from disk. */
  #waiting: SpoolRecord[] = []
  #shipped: number
  #running = false
  #closed = false
  /** What fails now is not tried again. */
  #finishing = false
  #pauseMs = FIRST_PAUSE_MS
  #failures = 0
  #timer: NodeJS.Timeout | undefined
  #drained: (() => void)[] = []

  constructor(spool: Spool, sink: RecordSink, log: GateLog) {
    this.#spool = spool
    this.#sink = sink
    this.#log = log
    this.#shipped = spool.oldest - 1
  }

  /** Sequence up to which the store has everything. */
  get shipped(): number {
    return this.#shipped
  }

  /** Takes records that just became durable, and starts carrying. */
  offer(records: readonly SpoolRecord[]): void {
    const first = records[0]
    const expected = (this.#waiting.at(-1)?.sequence ?? this.#shipped) + 1
    if (first?.sequence === expected && this.#waiting.length + records.length <= MAX_WAITING) this.#waiting.push(...records)
    this.start()
  }

  /** Carries whatever the spool holds and the store has not. */
  start(): void {
    if (this.#running || this.#closed || this.#timer !== undefined) return
    this.#running = true
    void this.#carry()
  }

  /** Resolves once the store has everything that is durable now. */
  async drain(): Promise<void> {
    if (this.#shipped >= this.#spool.sequence || this.#closed) return
    const done = new Promise<void>((resolve) => this.#drained.push(resolve))
    this.start()
    await done
  }

  /** Carries what the store takes now, for at most `graceMs`; the first failure ends it, for nobody waits for a store that is away. What is left stays in the spool. */
  async finish(graceMs: number): Promise<void> {
    this.#finishing = true
    if (this.#timer === undefined && graceMs > 0) {
      const late = setTimeout(() => this.#release(), graceMs)
      await this.drain()
      clearTimeout(late)
    }
    this.close()
  }

  /** Stops; what is not shipped stays in the spool. */
  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#release()
  }

  async #carry(): Promise<void> {
    while (!this.#closed && this.#shipped < this.#spool.sequence) {
      try {
        await this.#shipBatch()
        this.#pauseMs = FIRST_PAUSE_MS
        this.#failures = 0
      } catch (cause) {
        this.#retryLater(cause)
        break
      }
    }
    this.#running = false
    if (this.#shipped >= this.#spool.sequence) this.#release()
  }

  async #shipBatch(): Promise<void> {
    if (this.#waiting.length === 0) this.#waiting = [...this.#spool.readAfter(this.#shipped, REFILL)]
    const batch = this.#waiting.slice(0, BATCH)
    const stored = await this.#sink.ship(this.#spool.writer, batch)
    const last = batch.at(-1)?.sequence ?? this.#spool.sequence
    if (stored < this.#shipped || stored > this.#spool.sequence) {
      this.#log.alarm('The store and the spool disagree about the chain', {
        writer: this.#spool.writer,
        stored,
        shipped: this.#shipped,
        spooled: this.#spool.sequence,
      })
    }
    this.#shipped = Math.max(this.#shipped, Math.min(stored, last))
    this.#waiting = this.#waiting.filter((record) => record.sequence > this.#shipped)
    this.#spool.forget(this.#shipped)
    if (stored < last) throw new Error(`The store took records up to ${stored} of ${last}`)
  }

  #retryLater(cause: unknown): void {
    if (this.#closed) return
    const fields = { writer: this.#spool.writer, cause: String(cause), waiting: this.#spool.sequence - this.#shipped }
    this.#failures++
    if (this.#failures === FAILURES_TO_ALARM) {
      this.#log.alarm('Decisions have waited in the spool for long: when it is full, nothing is decided any more', fields)
    } else {
      this.#log.info('Decisions wait in the spool: the store does not take them', fields)
    }
    if (this.#finishing) return this.#release()
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.start()
    }, this.#pauseMs)
    this.#timer.unref()
    this.#pauseMs = Math.min(this.#pauseMs * 2, MAX_PAUSE_MS)
  }

  #release(): void {
    for (const resolve of this.#drained.splice(0)) resolve()
  }
}
