/** A moment, in milliseconds since 1970-01-01T00:00:00Z. Always an argument: nothing in `core` reads a clock. */
export type Instant = number

/** An RFC 3339 text in UTC, as stored and shown: `2026-01-31T12:00:00.123456Z`. */
export type Timestamp = string
