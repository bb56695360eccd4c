import { randomBytes, randomUUID } from 'node:crypto'
import type { Surroundings } from '@countersign/service/changes/change.ts'

/** The real clock and the real randomness. */
export function systemSurroundings(): Surroundings {
  return { now: () => Date.now(), timestamp: () => formatMicroseconds(), uuid: () => randomUUID(), random: (bytes) => randomBytes(bytes) }
}

let second = -1
let untilSecond = ''

/**
 * RFC 3339 in UTC with microseconds; the last three digits come from the monotonic clock, so that they are not all zero. Every admission asks for
 * one, so what the moments of a second share is made once.
 */
function formatMicroseconds(): string {
  const micros = Math.floor((performance.timeOrigin + performance.now()) * 1000)
  const now = Math.floor(micros / 1_000_000)
  if (now !== second) {
    second = now
    untilSecond = new Date(now * 1000).toISOString().slice(0, -'000Z'.length)
  }
  return `${untilSecond}${String(micros - now * 1_000_000).padStart(6, '0')}Z`
}
