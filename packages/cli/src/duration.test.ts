import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expiryFrom, startBefore } from './duration.ts'
import { UsageError } from './terminal.ts'

const NOW = Date.parse('2026-01-31T12:00:00Z')

for (const [duration, end] of [
  ['90s', '2026-01-31T12:01:30.000Z'],
  ['5m', '2026-01-31T12:05:00.000Z'],
  ['24h', '2026-02-01T12:00:00.000Z'],
  ['7d', '2026-02-07T12:00:00.000Z'],
  ['2w', '2026-02-14T12:00:00.000Z'],
] as const) {
  test(`expiryFrom() ends ${duration} later`, () => assert.equal(expiryFrom(duration, NOW), end))
}

for (const wrong of ['', '24', '0h', '-1h', '1.5h', '1h30m', '9999999d', ' 1h']) {
  test(`expiryFrom() refuses "${wrong}"`, () => assert.throws(() => expiryFrom(wrong, NOW), UsageError))
}

test('startBefore() lies that long ago, and never before 1970', () => {
  assert.equal(startBefore('7d', NOW), '2026-01-24T12:00:00.000Z')
  assert.equal(startBefore('99999w', NOW), '1970-01-01T00:00:00.000Z')
})
