import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { issueServerCertificate, makeAuthority, type PemPair } from './authority.ts'
import { type Authorities, bundleOf, isGoodServer, nextStep, takeStep } from './rotation.ts'

const DAY_MS = 24 * 3600 * 1000
const NOW = Date.UTC(2026, 0, 1)
const SETTLE_MS = 600_000

const [first, second, third] = await Promise.all([makeAuthority(NOW), makeAuthority(NOW), makeAuthority(NOW)])

test('an authority is replaced a year before its end, or when somebody asks', () => {
  const quiet = { settleMs: SETTLE_MS, isAsked: false }
  assert.equal(nextStep({ current: first }, { ...quiet, now: NOW }), 'NONE')
  assert.equal(nextStep({ current: first }, { ...quiet, now: NOW + 3286 * DAY_MS }), 'PREPARE')
  assert.equal(nextStep({ current: first }, { settleMs: SETTLE_MS, isAsked: true, now: NOW }), 'PREPARE')
})

test('the next authority signs only after everybody was told of it, and the old one leaves only after nobody shows its certificates', async () => {
  const at = (now: number) => ({ now, settleMs: SETTLE_MS, isAsked: false })
  const prepared = await takeStep({ current: first }, 'PREPARE', { now: NOW, fresh: async () => second })
  assert.deepEqual([prepared, bundleOf(prepared)], [{ current: first, next: second }, `${first.cert}${second.cert}`])
  assert.equal(nextStep(prepared, at(NOW + DAY_MS)), 'NONE', 'nobody was told yet, however long ago it was made')
  const told = { ...prepared, bundledAt: NOW }
  assert.equal(nextStep(told, at(NOW + SETTLE_MS - 1)), 'NONE')
  assert.equal(nextStep(told, at(NOW + SETTLE_MS)), 'SWITCH')
  const switched = await takeStep(told, 'SWITCH', { now: NOW, fresh: async () => third })
  assert.deepEqual([switched, bundleOf(switched)], [{ current: second, previous: first.cert, switchedAt: NOW }, `${second.cert}${first.cert}`])
  assert.equal(nextStep(switched, { ...at(NOW + SETTLE_MS - 1), isAsked: true }), 'NONE', 'one replacement ends before the next begins')
  assert.equal(nextStep(switched, at(NOW + SETTLE_MS)), 'RETIRE')
  assert.deepEqual(await takeStep(switched, 'RETIRE', { now: NOW, fresh: async () => third }), { current: second })
})

test('whatever the order of looks, nothing is shown whose authority a client that is behind by less than the settling does not hold', async () => {
  const made = await Promise.all(Array.from({ length: 6 }, () => makeAuthority(NOW)))
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat({ max: 2 * SETTLE_MS }), { maxLength: 40 }), fc.array(fc.boolean(), { maxLength: 40 }), async (waits, asked) => {
      let [authorities, now, used] = [{ current: first } as Authorities, NOW, 0]
      const history: { readonly at: number; readonly bundle: string }[] = [{ at: NOW, bundle: bundleOf(authorities) }]
      for (const [index, wait] of waits.entries()) {
        now += wait
        const step = nextStep(authorities, { now, settleMs: SETTLE_MS, isAsked: asked[index] ?? false })
        authorities = await takeStep(authorities, step, { now, fresh: async () => made[used++ % made.length] as PemPair })
        history.push({ at: now, bundle: bundleOf(authorities) })
        if (authorities.next !== undefined && authorities.bundledAt === undefined) authorities = { ...authorities, bundledAt: now }
        const behind = history.filter(({ at }, place) => (history[place + 1]?.at ?? Number.POSITIVE_INFINITY) > now - SETTLE_MS && at <= now)
        for (const { bundle } of behind) assert.ok(bundle.includes(authorities.current.cert))
      }
    }),
    { numRuns: 60 },
  )
})

test('a server certificate is good for the names it has, until 30 days before its end, and only by the current authority', async () => {
  const pair = await issueServerCertificate(first, { hosts: ['gate.example', '10.0.0.1'], now: NOW })
  const good = { authority: first, hosts: ['gate.example', '10.0.0.1'], now: NOW }
  assert.equal(isGoodServer(pair, good), true)
  assert.equal(isGoodServer(pair, { ...good, now: NOW + 59 * DAY_MS }), true)
  assert.equal(isGoodServer(pair, { ...good, now: NOW + 61 * DAY_MS }), false)
  assert.equal(isGoodServer(pair, { ...good, hosts: ['other.example'] }), false)
  assert.equal(isGoodServer(pair, { ...good, authority: second }), false)
})
