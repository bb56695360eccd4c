import type { Instant, Timestamp } from '@countersign/core/instant.ts'

/** A clock and a source of identifiers, as arguments: nothing in the gate reaches for them. */
export interface Surroundings {
  now(): Instant
  /** RFC 3339, UTC, microseconds. */
  timestamp(): Timestamp
  /** A random version 4 UUID. */
  uuid(): string
}

/** Where the gate tells its operator what happened. `alarm` is for what somebody must look at now. */
export interface GateLog {
  info(message: string, fields?: Readonly<Record<string, unknown>>): void
  alarm(message: string, fields?: Readonly<Record<string, unknown>>): void
}
