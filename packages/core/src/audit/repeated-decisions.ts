import type { Timestamp } from '../instant.ts'

/** What a record that stands for more than one decision says: how many there were that have none of their own, and when they were made. */
export interface RepeatedDecisions {
  readonly count: number
  readonly first: Timestamp
  readonly last: Timestamp
}
