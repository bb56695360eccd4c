import { StatusError } from '@countersign/core/status.ts'

/** Runs so much work at once, lets so much wait in the order in which it came, and refuses the rest. */
export class Queue {
  readonly #bounds: { readonly atOnce: number; readonly waiting: number }
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor(bounds: { readonly atOnce: number; readonly waiting: number }) {
    this.#bounds = bounds
  }

  /** Gives what the work gives. RESOURCE_EXHAUSTED, and the work never begun, where too much waits already. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const { atOnce, waiting } = this.#bounds
    if (this.#running >= atOnce) {
      if (this.#waiting.length >= waiting) throw new StatusError('RESOURCE_EXHAUSTED', `Cannot begin: ${waiting} others wait already`)
      // Whoever ends hands its place over, so that nobody overtakes.
      await new Promise<void>((begin) => this.#waiting.push(begin))
    } else {
      this.#running++
    }
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#running--
      else next()
    }
  }
}
