import type { Surroundings } from '../changes/change.ts'

/** A clock that a test moves, and identifiers that count: the same test sees the same ones each time. */
export interface TestSurroundings extends Surroundings {
  /** Moves the clock. */
  advance(ms: number): void
}

/** Surroundings for tests: begins at 2026-01-31T12:00:00Z; each timestamp is one microsecond after the one before it. */
export function makeTestSurroundings(): TestSurroundings {
  let now = Date.parse('2026-01-31T12:00:00Z')
  let count = 0
  return {
    now: () => now,
    timestamp: () => `${new Date(now).toISOString().slice(0, 19)}.${String(++count).padStart(6, '0')}Z`,
    uuid: () => `00000000-0000-4000-8000-${String(++count).padStart(12, '0')}`,
    random: (bytes) => countingBytes(bytes, ++count),
    advance: (ms) => {
      now += ms
    },
  }
}

function countingBytes(bytes: number, count: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, index) => (index * 31 + count * 7 + (count >> (index % 8))) % 256)
}
