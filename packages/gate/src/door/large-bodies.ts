import { Deadline } from '../deadline.ts'

/** Larger bodies wait for their turn: far above any review of a Pod, and read within a few milliseconds. */
export const LARGE_BODY_BYTES = 256 * 1024

/** A large body that is here whole. */
export interface LargeBody {
  /** How long its sender waits. */
  readonly timeoutMs: number
  readonly read: () => void
  /** Called instead, where its turn did not come in time. */
  readonly tooLate: () => void
}

/**
 * Large bodies that wait to be read. One thread reads all bodies, so in each turn of the event loop all the small ones that
 * came are read, and then at most one large one, in the order in which they came: whoever sends large bodies makes others wait for one of them,
 * not for all. How many bytes may wait is bounded by the door's budget.
 */
export class LargeBodies {
  readonly #waiting = new Set<LargeBody>()
  #turning = false

  /** Reads a body when its turn comes. */
  add(body: LargeBody): void {
    const deadline = new Deadline(body.timeoutMs)
    const waiting = { ...body, read: () => (deadline.met(), body.read()) }
    deadline.onOver(() => {
      if (this.#waiting.delete(waiting)) body.tooLate()
    })
    this.#waiting.add(waiting)
    if (!this.#turning) this.#takeTurn()
  }

  #takeTurn(): void {
    this.#turning = true
    setImmediate(() => {
      const [next] = this.#waiting
      this.#turning = false
      if (next === undefined) return
      this.#waiting.delete(next)
      if (this.#waiting.size > 0) this.#takeTurn()
      next.read()
    })
  }
}
