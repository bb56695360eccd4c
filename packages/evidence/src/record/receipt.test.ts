import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sha256Hex } from './hash.ts'
import { digestInput, digestReceipt, sealReceipt } from './receipt.ts'

test('docs/spec/receipt.md: the digest is that of the prefix and the canonical text', () => {
  const sealed = sealReceipt({ b: 1, a: ['x'] })
  assert.deepEqual(sealed, { canonical: '{"a":["x"],"b":1}', digest: `sha256:${sha256Hex('countersign.receipt.v1\n{"a":["x"],"b":1}')}` })
  assert.equal(digestReceipt(sealed.canonical), sealed.digest)
})

test('digestInput() tells kinds apart', () => {
  assert.notEqual(digestInput('policy', {}), digestInput('attestor', {}))
})
