import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findImages } from './images.ts'
import {
  BREAK_GLASS_ANNOTATION,
  BREAK_GLASS_LABEL,
  findBreakGlass,
  findBreakGlassAnnotation,
  findNamespace,
  findServiceAccount,
  findUnchangedImages,
} from './scope.ts'

function pod(metadata: unknown, spec: object = {}): unknown {
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec }
}

function deployment(own: unknown, template: unknown): unknown {
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: own, spec: { template: { metadata: template, spec: {} } } }
}

const LABEL = { via: 'LABEL', key: BREAK_GLASS_LABEL, value: 'true' }
const ANNOTATION = { via: 'ANNOTATION', key: BREAK_GLASS_ANNOTATION, value: 'true' }
const labels = { [BREAK_GLASS_LABEL]: 'true' }
const annotations = { [BREAK_GLASS_ANNOTATION]: 'true' }

const MARKS: readonly (readonly [string, unknown, unknown])[] = [
  ['§6.5: the label on a Pod', pod({ labels }), LABEL],
  ['§6.5: the label in a template', deployment({}, { labels }), LABEL],
  ['§6.5: the legacy annotation', pod({ annotations }), ANNOTATION],
  ['both: the documented one is named', pod({ labels, annotations }), LABEL],
  ["a controller's own label, which its Pods do not carry", deployment({ labels }, {}), undefined],
  ['another value', pod({ labels: { [BREAK_GLASS_LABEL]: 'yes' }, annotations: { [BREAK_GLASS_ANNOTATION]: true } }), undefined],
  ['the annotation key as a label', pod({ labels: annotations }), undefined],
  ['labels that are no object', pod({ labels: 'true' }), undefined],
  ['no metadata', pod(undefined), undefined],
  ['no object', null, undefined],
]
for (const [name, object, expected] of MARKS) test(`findBreakGlass(): ${name}`, () => assert.deepEqual(findBreakGlass(object), expected))

test('findBreakGlassAnnotation() reads what an ImageReview carries', () => {
  assert.deepEqual(findBreakGlassAnnotation(annotations), ANNOTATION)
  assert.deepEqual(
    [findBreakGlassAnnotation(undefined), findBreakGlassAnnotation({}), findBreakGlassAnnotation(labels)],
    [undefined, undefined, undefined],
  )
})

const ACCOUNTS: readonly (readonly [string, unknown, string | undefined])[] = [
  ['named', pod({}, { serviceAccountName: 'a', serviceAccount: 'b' }), 'a'],
  ['by the deprecated alias', pod({}, { serviceAccount: 'b' }), 'b'],
  ['absent: as the API server fills it', pod({}), 'default'],
  ['empty', pod({}, { serviceAccountName: '' }), 'default'],
  ['in a template', deployment({}, {}), 'default'],
  ['of the 1.20 kind EphemeralContainers, which does not say', { apiVersion: 'v1', kind: 'EphemeralContainers', ephemeralContainers: [] }, undefined],
  ['of a list', { apiVersion: 'v1', kind: 'List', items: [pod({}), pod({})] }, undefined],
  ['of what holds no Pod', { apiVersion: 'v1', kind: 'ConfigMap' }, undefined],
]
for (const [name, object, expected] of ACCOUNTS) test(`findServiceAccount() ${name}`, () => assert.equal(findServiceAccount(object), expected))

test('findNamespace() reads what the object names', () => {
  assert.deepEqual(
    [findNamespace(pod({ namespace: 'team' })), findNamespace(pod({ namespace: '' })), findNamespace(7)],
    ['team', undefined, undefined],
  )
})

function unchanged(before: object, after: object): readonly string[] {
  const found = findImages(pod({}, after))
  assert.ok(found.ok)
  return findUnchangedImages(found.value.images, pod({}, before))
}

test('§6.2: findUnchangedImages() keeps what stands where it stood', () => {
  const a = { image: 'a' }
  const b = { image: 'b' }
  assert.deepEqual(unchanged({ containers: [a] }, { containers: [a] }), ['a'])
  assert.deepEqual(unchanged({ containers: [a, b] }, { containers: [b] }), ['b'])
  assert.deepEqual(unchanged({ containers: [a] }, { containers: [a, b] }), ['a'])
  assert.deepEqual(unchanged({ initContainers: [a] }, { containers: [a] }), [])
  assert.deepEqual(unchanged({ containers: [a] }, { containers: [a], ephemeralContainers: [a] }), [])
  assert.deepEqual(unchanged({ containers: [{ image: 1 }] }, { containers: [a] }), [])
  const found = findImages(pod({}, { containers: [a] }))
  assert.deepEqual(found.ok && findUnchangedImages(found.value.images, undefined), [])
})
