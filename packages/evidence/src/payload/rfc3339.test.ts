import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseRfc3339 } from './rfc3339.ts'

test('parseRfc3339() reads every moment that toISOString writes', () => {
  const dates = fc.date({ noInvalidDate: true, min: new Date('0000-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z') })
  fc.assert(fc.property(dates, (date) => parseRfc3339(date.toISOString()) === date.getTime()))
})

test('parseRfc3339() reads offsets and up to nine digits of a second', () => {
  assert.equal(parseRfc3339('2026-01-31T12:00:00.123456789Z'), Date.parse('2026-01-31T12:00:00.123Z'))
  assert.equal(parseRfc3339('2026-01-31t12:00:00-05:30'), Date.parse('2026-01-31T17:30:00Z'))
})

test('parseRfc3339() refuses what is no moment', () => {
  const texts = ['2026-02-29T00:00:00Z', '2026-13-01T00:00:00Z', '2026-01-01T24:00:00Z', '2026-01-01T00:00:60Z', '2026-01-01', '2026-01-01T00:00:00', '2026-01-01T00:00Z']
  for (const text of texts) assert.equal(parseRfc3339(text), undefined, text)
})
