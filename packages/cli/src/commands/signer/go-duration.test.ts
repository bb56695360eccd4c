import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseGoDuration } from './go-duration.ts'

test('§1.1: -vulnz_timeout is a Go duration', () => {
  const cases: readonly (readonly [string, number | undefined])[] = [
    ['600s', 600_000],
    ['5m', 300_000],
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['.5s', 500],
    ['100ms', 100],
    ['0', 0],
    ['-1s', -1000],
    ['', undefined],
    ['5', undefined],
    ['5 m', undefined],
    ['1d', undefined],
    ['.s', undefined],
    ['m', undefined],
  ]
  for (const [text, ms] of cases) assert.equal(parseGoDuration(text), ms, text)
})
