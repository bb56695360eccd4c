import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findMarks } from './marks.ts'

const LABEL = { 'image-policy.k8s.io/break-glass': 'true' }
const spec = { containers: [{ name: 'app', image: 'registry.example/app' }] }

function deployment(metadata: object, marks: object): Record<string, unknown> {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'app', namespace: 'shop', ...metadata },
    spec: { template: { metadata: marks, spec } },
  }
}

test('findMarks() tells of marks in templates and Pods, and whether a token stands beside them', () => {
  const annotations = { 'countersign.dev/break-glass-token': 'secret' }
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'shop', labels: LABEL }, spec }
  assert.deepEqual(findMarks([deployment({}, { labels: LABEL, annotations }), pod]), [
    { namespace: 'shop', kind: 'Deployment', name: 'app', mark: 'image-policy.k8s.io/break-glass', token: 'yes' },
    { namespace: 'shop', kind: 'Pod', name: 'p', mark: 'image-policy.k8s.io/break-glass', token: 'no' },
  ])
})

test('findMarks() passes over a mark on the object itself, which reaches no Pod, and over what a controller made', () => {
  const owned = { ownerReferences: [{ controller: true }] }
  assert.deepEqual(findMarks([deployment({ labels: LABEL }, {}), deployment(owned, { labels: LABEL })]), [])
})
