import { StatusError } from '@countersign/core/status.ts'

const MAX_BYTES_IN_FLIGHT = 64 * 1024 * 1024

/** What one request holds of a budget. */
export interface Share {
  /** Takes more. Throws UNAVAILABLE where all shares together exceed the budget. */
  hold(bytes: number): void
  /** Gives everything back; to be called once the request was answered. */
  release(): void
}

/**
 * Makes a budget for what the requests of a door hold until they are answered: the gate lives in the same process, and many callers with
 * large requests must not take the memory that admissions need.
 */
export function makeByteBudget(maxBytes = MAX_BYTES_IN_FLIGHT): () => Share {
  let inFlight = 0
  return () => {
    let held = 0
    return {
      hold: (bytes) => {
        held += bytes
        inFlight += bytes
        if (inFlight > maxBytes) throw new StatusError('UNAVAILABLE', 'Too many large requests are under way: try again')
      },
      release: () => {
        inFlight -= held
        held = 0
      },
    }
  }
}
