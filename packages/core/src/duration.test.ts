import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { formatDuration, parseDuration } from './duration.ts'

describe('parseDuration()', () => {
  test('reads days, hours, minutes and seconds', () => {
    assert.deepEqual(['7d', '1d12h', '90m', '604800s', '0s'].map(parseDuration), [604_800_000, 129_600_000, 5_400_000, 604_800_000, 0])
  })

  test('refuses what says no span', () => {
    for (const text of ['', '7', 'd', '1h1d', '1.5h', '-1d', '7 d', '7D', '1w', '1d\n', '9999999d'])
      assert.equal(parseDuration(text), undefined, text)
  })

  test('gives back what formatDuration() wrote', () => {
    fc.assert(fc.property(fc.nat(1_000_000_000), (seconds) => assert.equal(parseDuration(formatDuration(seconds * 1000)), seconds * 1000)))
    assert.equal(formatDuration(999), '0s')
  })
})
