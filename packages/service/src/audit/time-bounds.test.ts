import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseLogFilter } from '@countersign/api/filter/filter.ts'
import { getValue } from '../changes/invalid.ts'
import { findTimeBounds } from './time-bounds.ts'

const ROWS: readonly (readonly [filter: string, from: string | undefined, until: string | undefined])[] = [
  ['', undefined, undefined],
  ['timestamp>="2026-01-31T12:00:00Z"', '2026-01-31T12:00:00.000000Z', undefined],
  ['timestamp>"2026-01-31T12:00:00.1234567Z"', '2026-01-31T12:00:00.123000Z', undefined],
  ['timestamp<="2026-01-31T13:00:00+01:00"', undefined, '2026-01-31T12:00:00.001000Z'],
  ['timestamp>=2026-01-30 AND timestamp<"2026-01-31" severity=ERROR', '2026-01-30T00:00:00.000000Z', '2026-01-31T00:00:00.001000Z'],
  ['timestamp>="2026-01-30" timestamp>="2026-01-31"', '2026-01-31T00:00:00.000000Z', undefined],
  ['timestamp="2026-01-31T12:00:00Z"', '2026-01-31T12:00:00.000000Z', '2026-01-31T12:00:00.001000Z'],
  ['timestamp>="2026-01-31" OR severity=ERROR', undefined, undefined],
  ['NOT timestamp>="2026-01-31"', undefined, undefined],
  ['timestamp!="2026-01-31"', undefined, undefined],
  ['timestamp>="yesterday"', undefined, undefined],
  ['protoPayload.timestamp>="2026-01-31"', undefined, undefined],
]

for (const [filter, from, until] of ROWS)
  test(`findTimeBounds() of ${filter || 'no filter'}`, () => {
    const bounds = findTimeBounds(getValue(parseLogFilter(filter)))
    assert.deepEqual(bounds, { ...(from === undefined ? {} : { from }), ...(until === undefined ? {} : { until }) })
  })
