import { randomBytes, randomUUID } from 'node:crypto'
import type { Surroundings } from '@countersign/service/changes/change.ts'

/** The real clock and the real randomness. */
export function systemSurroundings(): Surroundings {
  return { now: () => Date.now(), timestamp: () => formatMicroseconds(), uuid: () => randomUUID(), random: (bytes) => randomBytes(bytes) }
}

/** RFC 3339 in UTC with microseconds; the last three digits come from the monotonic clock, so that they are not all zero. */
function formatMicroseconds(): string {
  const micros = Math.floor((performance.timeOrigin + performance.now()) * 1000)
  const millis = Math.floor(micros / 1000)
  return `${new Date(millis).toISOString().slice(0, -1)}${String(micros % 1000).padStart(3, '0')}Z`
}
