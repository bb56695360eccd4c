import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { ImageDigest } from '../image/reference.ts'
import { findExemption, MAX_EXEMPTION_LIFETIME_MS, parseExemption } from './exemption.ts'
import type { Exemption, ExemptionQuery } from './exemption.ts'

const NOW = Date.parse('2026-01-31T12:00:00Z')
const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}` as ImageDigest
const TREE = { pattern: 'r.example/trial/*', owner: 'on-call', reason: 'trial of a new proxy', expireTime: '2026-02-01T12:00:00Z' }

function makeExemption(overrides: Partial<Exemption>): Exemption {
  return { id: 'e1', subject: { pattern: 'r.example/trial/*' }, owner: 'o', reason: 'r', expiresAt: NOW + 1, ...overrides }
}

function makeQuery(overrides: Partial<ExemptionQuery>): ExemptionQuery {
  return { imageText: 'r.example/trial/app:v1', digest: undefined, namespace: 'shop', now: NOW, ...overrides }
}

function pathsOf(tree: unknown): readonly unknown[] {
  const parsed = parseExemption(tree, NOW)
  return parsed.ok ? [] : parsed.issues.map(({ path }) => path.join('.'))
}

describe('parseExemption()', () => {
  test('reads a pattern or a digest, with or without a namespace', () => {
    const value = { subject: { pattern: TREE.pattern }, owner: TREE.owner, reason: TREE.reason, expiresAt: NOW + 86_400_000 }
    assert.deepEqual(parseExemption(TREE, NOW), { ok: true, value })
    const { pattern: _, ...rest } = TREE
    assert.deepEqual(parseExemption({ ...rest, digest: DIGEST, namespace: 'shop' }, NOW), {
      ok: true,
      value: { ...value, subject: { digest: DIGEST }, namespace: 'shop' },
    })
  })

  test('asks for all that is missing at once', () => {
    assert.deepEqual(pathsOf({}), ['', 'owner', 'reason', 'expireTime'])
    assert.deepEqual(pathsOf({ ...TREE, owner: ' ', reason: '' }), ['owner', 'reason'])
    assert.deepEqual(pathsOf({ ...TREE, digest: DIGEST }), ['digest'])
    assert.deepEqual(pathsOf({ ...TREE, pattern: '*', namespace: 'Shop', extra: 1 }), ['extra', 'pattern', 'namespace'])
    assert.deepEqual(pathsOf({ ...TREE, pattern: undefined, digest: DIGEST.toUpperCase() }), ['digest'])
  })

  test('always ends, soon', () => {
    const at = (ms: number) => ({ ...TREE, expireTime: new Date(ms).toISOString() })
    assert.deepEqual(pathsOf(at(NOW)), ['expireTime'])
    assert.deepEqual(pathsOf(at(NOW + 1)), [])
    assert.deepEqual(pathsOf(at(NOW + MAX_EXEMPTION_LIFETIME_MS)), [])
    assert.deepEqual(pathsOf(at(NOW + MAX_EXEMPTION_LIFETIME_MS + 1)), ['expireTime'])
    for (const expireTime of ['tomorrow', 5, '2026-02-30T00:00:00Z', '2026-02-01']) assert.deepEqual(pathsOf({ ...TREE, expireTime }), ['expireTime'])
  })

  test('never throws', () => {
    fc.assert(fc.property(fc.anything(), (tree) => void parseExemption(tree, NOW)))
    fc.assert(
      fc.property(fc.record({ pattern: fc.anything(), digest: fc.anything(), owner: fc.anything() }), (tree) => void parseExemption(tree, NOW)),
    )
  })
})

describe('findExemption()', () => {
  test('matches the text as written, or the digest in any repository', () => {
    const byPattern = makeExemption({})
    assert.equal(findExemption([byPattern], makeQuery({})), byPattern)
    assert.equal(findExemption([byPattern], makeQuery({ imageText: 'r.example/other/app:v1' })), undefined)
    const byDigest = makeExemption({ subject: { digest: DIGEST } })
    assert.equal(findExemption([byDigest], makeQuery({ digest: DIGEST })), byDigest)
    assert.equal(findExemption([byDigest], makeQuery({ digest: undefined })), undefined)
  })

  test('ends at its moment, and holds in its namespace only', () => {
    assert.equal(findExemption([makeExemption({ expiresAt: NOW })], makeQuery({})), undefined)
    assert.equal(findExemption([makeExemption({ namespace: 'other' })], makeQuery({})), undefined)
    assert.equal(findExemption([makeExemption({ namespace: 'shop' })], makeQuery({}))?.id, 'e1')
  })

  test('takes the one that ends last, whatever the order', () => {
    const all = [
      makeExemption({ id: 'c', expiresAt: NOW + 5 }),
      makeExemption({ id: 'b', expiresAt: NOW + 9 }),
      makeExemption({ id: 'a', expiresAt: NOW + 9 }),
    ]
    assert.equal(findExemption(all, makeQuery({}))?.id, 'a')
    assert.equal(findExemption(all.toReversed(), makeQuery({}))?.id, 'a')
  })

  test('a stored pattern that is no pattern exempts nothing', () => {
    assert.equal(findExemption([makeExemption({ subject: { pattern: '*' } })], makeQuery({ imageText: 'nginx' })), undefined)
    assert.equal(findExemption([makeExemption({ subject: { digest: 'x' } })], makeQuery({ digest: 'x' as ImageDigest })), undefined)
  })
})
