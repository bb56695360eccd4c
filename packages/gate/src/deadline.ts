/** The moment after which an answer comes too late: one timer for everything that an admission waits for. */
export class Deadline {
  readonly #timer: NodeJS.Timeout
  #over = false
  #onOver: () => void = () => {}

  constructor(ms: number) {
    this.#timer = setTimeout(() => {
      this.#over = true
      this.#onOver()
    }, ms)
  }

  get over(): boolean {
    return this.#over
  }

  /** Calls back when the time is over, instead of whoever was to be called before; never once it is met. */
  onOver(callback: () => void): void {
    this.#onOver = callback
  }

  /** What was waited for came in time. */
  met(): void {
    clearTimeout(this.#timer)
  }
}
