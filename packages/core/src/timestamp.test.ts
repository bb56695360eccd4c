import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { formatDay, formatTimestamp, parseTimestamp } from './timestamp.ts'

describe('parseTimestamp()', () => {
  test('agrees with Date on every moment that Date can write', () => {
    const date = fc.date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true })
    fc.assert(fc.property(date, (moment) => assert.equal(parseTimestamp(moment.toISOString()), moment.getTime())))
  })

  test('reads offsets and fractions, and cuts them to milliseconds', () => {
    assert.equal(parseTimestamp('2026-01-31T12:00:00.123456Z'), Date.parse('2026-01-31T12:00:00.123Z'))
    assert.equal(parseTimestamp('2026-01-31T12:00:00.1+02:30'), Date.parse('2026-01-31T09:30:00.100Z'))
    assert.equal(parseTimestamp('2024-02-29t23:59:59-00:30'), Date.parse('2024-03-01T00:29:59Z'))
  })

  test('refuses what is no moment', () => {
    const texts = [
      '',
      '2026-02-29T00:00:00Z',
      '2100-02-29T00:00:00Z',
      '2026-13-01T00:00:00Z',
      '2026-00-10T00:00:00Z',
      '2026-01-00T00:00:00Z',
      '2026-01-01T24:00:00Z',
    ]
    for (const text of [
      ...texts,
      '2026-01-01T00:00:60Z',
      '2026-01-01',
      '2026-01-01T00:00:00',
      '2026-1-1T00:00:00Z',
      '2026-01-01T00:00:00Z\n',
      '2026-01-01T00:00:00+24:00',
    ]) {
      assert.equal(parseTimestamp(text), undefined, text)
    }
  })
})

describe('formatDay()', () => {
  test('agrees with Date on every day that Date can write', () => {
    const date = fc.date({ min: new Date('0000-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true })
    fc.assert(fc.property(date, (moment) => assert.equal(formatDay(moment.getTime()), moment.toISOString().slice(0, 10))))
    for (const day of ['0000-01-01', '0000-12-31', '2000-02-29', '2024-12-31', '2025-01-01', '9999-12-31']) {
      assert.equal(formatDay(Date.parse(`${day}T23:59:59Z`)), day)
    }
  })

  test('names no day that has no four-digit year', () => {
    for (const moment of [Number.NaN, Infinity, -Infinity, 1e15, -1e15]) assert.equal(formatDay(moment), 'an unknown day')
  })
})

describe('formatTimestamp()', () => {
  test('writes what Date writes, to the microsecond', () => {
    const date = fc.date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true })
    fc.assert(fc.property(date, (moment) => assert.equal(formatTimestamp(moment.getTime()), moment.toISOString().replace('Z', '000Z'))))
  })
})
