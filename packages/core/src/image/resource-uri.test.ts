import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ImageDigest } from './reference.ts'
import { digestOfResourceUri } from './resource-uri.ts'

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}` as ImageDigest

describe('digestOfResourceUri()', () => {
  test('§3.4: finds the digest with and without a scheme', () => {
    assert.equal(digestOfResourceUri(`https://gcr.io/p/a@${DIGEST}`), DIGEST)
    assert.equal(digestOfResourceUri(`gcr.io/p/a@${DIGEST}`), DIGEST)
    assert.equal(digestOfResourceUri(`gcr.io/p/a:v1@${DIGEST}`), DIGEST)
  })

  test('finds none in a URI by tag, without a repository, or with anything after the digest', () => {
    const uris = ['', 'https://gcr.io/p/a:v1', DIGEST, `@${DIGEST}`, `gcr.io/p/a@${DIGEST} `, `gcr.io/p/a@${DIGEST}?x`, `gcr.io/p/a${DIGEST}`]
    for (const uri of [...uris, `gcr.io/p/a@${DIGEST.toUpperCase()}`]) assert.equal(digestOfResourceUri(uri), undefined, uri)
  })
})
