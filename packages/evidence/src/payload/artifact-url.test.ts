import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DIGEST } from '../testing/attestations.ts'
import { parseArtifactUrl } from './artifact-url.ts'

const message = (url: string): string | false => {
  const parsed = parseArtifactUrl(url)
  return !parsed.ok && (parsed.issues[0]?.message ?? '')
}

test('§3.1: parseArtifactUrl() strips the scheme and loses the tag', () => {
  assert.deepEqual(parseArtifactUrl(`https://gcr.io/p/app:v1@${DIGEST}`), {
    ok: true,
    value: { repository: 'gcr.io/p/app', digest: DIGEST, resourceUri: `gcr.io/p/app:v1@${DIGEST}` },
  })
  const local = parseArtifactUrl(`localhost:5000/app@${DIGEST}`)
  assert.equal(local.ok && local.value.repository, 'localhost:5000/app')
})

test('§3.1: parseArtifactUrl() fails with the original texts', () => {
  assert.equal(message(`https:///p/app@${DIGEST}`), `Image URL 'https:///p/app@${DIGEST}' is invalid because it does not have a host component.`)
  assert.equal(message('gcr.io/p/app@sha256:123'), 'Invalid digest: sha256:123, must be at least 71 characters')
  assert.equal(message('gcr.io/p/app:v1'), 'Docker image name must be fully qualified (e.g.registry/repository@digest) saw: gcr.io/p/app:v1')
})

test('parseArtifactUrl() refuses another scheme, no registry, a long or upper-case digest', () => {
  for (const url of [
    `ftp://gcr.io/p@${DIGEST}`,
    `app@${DIGEST}`,
    `library/app@${DIGEST}`,
    `gcr.io/p@${DIGEST}0`,
    `gcr.io/p@${DIGEST.toUpperCase()}`,
    `gcr.io/@${DIGEST}`,
    '',
  ]) {
    assert.ok(!parseArtifactUrl(url).ok, url)
  }
})
