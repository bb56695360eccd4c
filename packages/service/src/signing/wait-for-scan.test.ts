import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { StatusError } from '@countersign/core/status.ts'
import { finding, kritisPolicy, NOW, SCANNER, strictPolicy } from '@countersign/core/vulnerability/testing/finding.ts'
import { discovery, makeClock, scansOf } from './testing/signing-world.ts'
import { waitForScan } from './wait-for-scan.ts'

const DONE = [discovery('FINISHED_SUCCESS')]
const AWAY = new StatusError('UNAVAILABLE', 'the store is away')

describe('waitForScan()', () => {
  test('a scan that has ended is not waited for, even without any time', async () => {
    const clock = makeClock()
    const { report, timedOut } = await waitForScan({ scans: scansOf([DONE], [finding()]), clock }, { policy: strictPolicy(), timeoutMs: 0 })
    assert.deepEqual([report, timedOut], [{ state: 'FINISHED', scanner: SCANNER, scanTime: NOW - 3_600_000, findings: [finding()] }, false])
    assert.deepEqual(clock.waits, [])
  })

  for (const [status, more, state] of [
    ['FINISHED_FAILED', {}, 'FAILED'],
    ['FINISHED_UNSUPPORTED', {}, 'UNSUPPORTED'],
    ['FINISHED_SUCCESS', { continuousAnalysis: 'INACTIVE' }, 'STALE'],
  ] as const) {
    test(`${state} is told at once`, async () => {
      const clock = makeClock()
      const waited = await waitForScan({ scans: scansOf([[discovery(status, more)]]), clock }, { policy: strictPolicy(), timeoutMs: 60_000 })
      assert.deepEqual([waited.report.state, waited.timedOut, clock.waits], [state, false, []])
    })
  }

  for (const [name, found, state] of [
    ['no scan', [], 'NOT_SCANNED'],
    ['a scan that goes on', [discovery('SCANNING')], 'PENDING'],
    ['a scan by a stranger', [discovery('FINISHED_SUCCESS', { scanner: { noteName: 'projects/mallory/notes/scan' } })], 'UNTRUSTED'],
  ] as const) {
    test(`${name} is waited for until time is up`, async () => {
      const clock = makeClock()
      const waited = await waitForScan({ scans: scansOf([found]), clock }, { policy: strictPolicy(), timeoutMs: 10_000 })
      assert.deepEqual([waited.report.state, waited.timedOut], [state, true])
      assert.deepEqual(clock.waits, [1000, 2000, 4000, 3000])
    })
  }

  test('§1.4: waits double to thirty seconds, and the last one ends at the deadline', async () => {
    const clock = makeClock()
    await waitForScan({ scans: scansOf([[]]), clock }, { policy: strictPolicy(), timeoutMs: 100_000 })
    assert.deepEqual(clock.waits, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 9000])
  })

  test('waits are shortened and lengthened by up to a quarter', async () => {
    for (const [random, first] of [
      [0, 750],
      [0.999, 1250],
    ] as const) {
      const clock = makeClock(random)
      await waitForScan({ scans: scansOf([[], DONE]), clock }, { policy: strictPolicy(), timeoutMs: 60_000 })
      assert.deepEqual(clock.waits, [first])
    }
  })

  test('who waits is told what for', async () => {
    const told: unknown[] = []
    const scans = scansOf([[], AWAY, [discovery('PENDING')], DONE])
    await waitForScan({ scans, clock: makeClock() }, { policy: strictPolicy(), timeoutMs: 60_000, onWait: (waiting) => told.push(waiting) })
    assert.deepEqual(told, [
      { state: 'NOT_SCANNED', waitMs: 1000, leftMs: 60_000 },
      { waitMs: 2000, leftMs: 59_000 },
      { state: 'PENDING', waitMs: 4000, leftMs: 57_000 },
    ])
  })

  test('where the store has a feed a wait ends with the news, asked for at most once a second', async () => {
    const clock = makeClock()
    const asked: number[] = []
    const follow = async () => ({ next: async (ms: number) => void (asked.push(ms), asked.length === 1 || (await clock.sleep(ms))) })
    const scans = { ...scansOf([[], [discovery('PENDING')], [discovery('PENDING')], DONE]), follow }
    const { report } = await waitForScan({ scans, clock }, { policy: strictPolicy(), timeoutMs: 60_000 })
    assert.deepEqual([report.state, scans.asked(), asked, clock.waits], ['FINISHED', 4, [2000, 4000], [1000, 1000, 4000]])
  })

  test('a feed that cannot be followed, or breaks, costs nothing but the news', async () => {
    const away = new StatusError('RESOURCE_EXHAUSTED', 'too many')
    for (const follow of [() => Promise.reject(away), async () => ({ next: () => Promise.reject(away) })]) {
      const clock = makeClock()
      const scans = { ...scansOf([[], [], [], DONE]), follow }
      await waitForScan({ scans, clock }, { policy: strictPolicy(), timeoutMs: 60_000 })
      assert.deepEqual(clock.waits, [1000, 2000, 4000])
    }
  })

  test('§1.7: as kritis, no feed is asked for', async () => {
    const scans = { ...scansOf([[], DONE]), follow: () => Promise.reject(new Error('asked')) }
    const { report } = await waitForScan({ scans, clock: makeClock() }, { policy: kritisPolicy(), timeoutMs: 60_000 })
    assert.equal(report.state, 'FINISHED')
  })

  test('a store that does not answer the first question, or at the end, is an error', async () => {
    const wait = async (...answers: Parameters<typeof scansOf>[0]) =>
      await waitForScan({ scans: scansOf(answers), clock: makeClock() }, { policy: strictPolicy(), timeoutMs: 5000 })
    await assert.rejects(wait(AWAY), { code: 'UNAVAILABLE' })
    await assert.rejects(wait([], AWAY), { code: 'UNAVAILABLE' })
    await assert.rejects(wait([], new StatusError('PERMISSION_DENIED', 'no')), { code: 'PERMISSION_DENIED' })
  })

  test('§1.4: as kritis, any error ends the waiting', async () => {
    const waiting = waitForScan({ scans: scansOf([[], AWAY, DONE]), clock: makeClock() }, { policy: kritisPolicy(), timeoutMs: 60_000 })
    await assert.rejects(waiting, { code: 'UNAVAILABLE' })
  })

  test('an abort ends the waiting with its reason', async () => {
    const abort = new AbortController()
    const waiting = waitForScan(
      { scans: scansOf([[]]), clock: makeClock() },
      { policy: strictPolicy(), timeoutMs: 60_000, signal: abort.signal, onWait: () => abort.abort(new Error('stop')) },
    )
    await assert.rejects(waiting, { message: 'stop' })
  })
})
