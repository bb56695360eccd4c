import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChainLink } from './chain.ts'
import { appendToChain, EMPTY_CHAIN, verifyChain } from './chain.ts'
import { sha256Hex } from './hash.ts'

const TEXTS = ['{"n":1}', '{"n":2}', '{"n":3}', '{"n":4}']

function makeChain(writer = 'gate-1', texts = TEXTS): readonly ChainLink[] {
  const links: ChainLink[] = []
  for (const text of texts) links.push(appendToChain(writer, links.at(-1) ?? EMPTY_CHAIN, text))
  return links
}

const replace = (links: readonly ChainLink[], index: number, change: Partial<ChainLink>): readonly ChainLink[] =>
  links.map((link, at) => (at === index ? { ...link, ...change } : link))

test('docs/spec/audit-chain.md: the hash of the first record can be made with printf and sha256sum', () => {
  const [first] = makeChain()
  assert.equal(first?.hash, sha256Hex(`countersign.audit.v1\ngate-1\n1\n${'0'.repeat(64)}\n{"n":1}`))
})

test('verifyChain() finds an untouched chain intact and gives its head', async () => {
  const links = makeChain()
  assert.deepEqual(await verifyChain('gate-1', links), { outcome: 'INTACT', head: { sequence: 4, hash: links[3]?.hash } })
  assert.deepEqual(await verifyChain('gate-1', []), { outcome: 'INTACT', head: EMPTY_CHAIN })
})

test('verifyChain() begins behind a verified head', async () => {
  const links = makeChain()
  const after = { sequence: 2, hash: links[1]?.hash ?? '' }
  assert.equal((await verifyChain('gate-1', links.slice(2), { after })).outcome, 'INTACT')
})

test('verifyChain() names the first bad record and what is wrong with it', async () => {
  const links = makeChain()
  const forged = appendToChain('gate-1', { sequence: 1, hash: links[0]?.hash ?? '' }, '{"n":9}')
  const cases: readonly (readonly [readonly ChainLink[], number, string])[] = [
    [replace(links, 1, { canonical: '{"n":9}' }), 2, 'ALTERED'],
    [replace(links, 1, { hash: '1'.repeat(64) }), 2, 'ALTERED'],
    [replace(links, 2, { previousHash: '1'.repeat(64) }), 3, 'UNLINKED'],
    [replace(links, 1, forged), 3, 'UNLINKED'],
    [links.filter((_, index) => index !== 1), 2, 'OUT_OF_ORDER'],
    [links.slice(1), 1, 'OUT_OF_ORDER'],
    [[...links.slice(0, 2), ...links.slice(1)], 3, 'OUT_OF_ORDER'],
  ]
  for (const [chain, sequence, fault] of cases) {
    const verdict = await verifyChain('gate-1', chain)
    assert.deepEqual(verdict.outcome === 'BROKEN' && [verdict.sequence, verdict.fault], [sequence, fault])
  }
})

test("verifyChain() does not take one writer's chain for another's", async () => {
  const verdict = await verifyChain('gate-2', makeChain('gate-1'))
  assert.equal(verdict.outcome === 'BROKEN' && verdict.fault, 'ALTERED')
})

test('verifyChain() shows a cut tail and a rewritten chain against a known head', async () => {
  const links = makeChain()
  const knownHead = { sequence: 4, hash: links[3]?.hash ?? '' }
  const cut = await verifyChain('gate-1', links.slice(0, 3), { knownHead })
  assert.deepEqual(cut.outcome === 'BROKEN' && [cut.sequence, cut.fault], [4, 'TRUNCATED'])
  const forked = await verifyChain('gate-1', makeChain('gate-1', ['{"n":1}', '{"n":2}', '{"n":3}', '{"n":5}']), { knownHead })
  assert.deepEqual(forked.outcome === 'BROKEN' && [forked.sequence, forked.fault], [4, 'FORKED'])
  assert.equal((await verifyChain('gate-1', links, { knownHead })).outcome, 'INTACT')
})

test('appendToChain() refuses a writer that could move bytes between lines', () => {
  assert.throws(() => appendToChain('gate\n1', EMPTY_CHAIN, '{}'), TypeError)
})
