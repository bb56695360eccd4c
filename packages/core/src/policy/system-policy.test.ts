import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { compilePolicy } from './compile.ts'
import { formatPolicy } from './format.ts'
import { parsePolicy } from './parse.ts'
import { SYSTEM_POLICY } from './system-policy.ts'

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`

describe('SYSTEM_POLICY', () => {
  const { patterns } = compilePolicy(SYSTEM_POLICY, 'system')

  test('is a valid policy', () => {
    const parsed = parsePolicy(formatPolicy(SYSTEM_POLICY))
    assert.ok(parsed.ok)
    assert.deepEqual(parsed.value, SYSTEM_POLICY)
  })

  test('§1.6: names exactly the repositories, by tag, digest or both', () => {
    assert.equal(patterns.find('registry.k8s.io/pause:3.9'), 'registry.k8s.io/pause:*')
    assert.equal(patterns.find(`registry.k8s.io/pause:3.9@${DIGEST}`), 'registry.k8s.io/pause:*')
    assert.equal(patterns.find(`registry.k8s.io/coredns/coredns@${DIGEST}`), 'registry.k8s.io/coredns/coredns@*')
    assert.equal(patterns.find('k8s.gcr.io/kube-proxy:v1.21.0'), 'k8s.gcr.io/kube-proxy:*')
  })

  test('lets no neighbour in', () => {
    const foreign = [
      'registry.k8s.io/pause-exploit:1',
      'registry.k8s.io/pause/x:1',
      'registry.k8s.io/unknown:1',
      'docker.io/library/pause:1',
      'pause:3.9',
    ]
    for (const image of [
      ...foreign,
      'gcr.io/google-containers/pause:3.9',
      'evil.example/registry.k8s.io/pause:3.9',
      'registry.k8s.io.evil.example/pause:1',
    ]) {
      assert.equal(patterns.find(image), undefined, image)
    }
  })
})
