import type { Timestamp } from '@bufbuild/protobuf/wkt'
import { TimestampSchema, timestampFromMs } from '@bufbuild/protobuf/wkt'
import { fromJson } from '@bufbuild/protobuf'

/** A stored RFC 3339 text as a message, with its microseconds. */
export function toTimestamp(text: string): Timestamp {
  return fromJson(TimestampSchema, text)
}

/** Milliseconds since 1970 as a message. */
export function instantToTimestamp(instant: number): Timestamp {
  return timestampFromMs(instant)
}
