/** Pages run in the order of a key that never changes, so they are stable under writes. */
export interface PageRequest {
  /** From 1 to 1000. */
  readonly pageSize: number
  /** The key of the last row of the page before; absent for the first page. */
  readonly after?: string
}

export interface Page<T> {
  readonly items: readonly T[]
  /** The key to go on after; present where more may follow. */
  readonly next?: string
}
