import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { JsonObject } from '../json-object.ts'
import { listImagePaths, NO_SETTINGS, parseClusterSettings } from './cluster-settings.ts'
import { compileCustomKinds, findCustomImages, findCustomPaths, findCustomPods } from './custom.ts'
import { parseImagePath } from './image-path.ts'

const SETTINGS = { workloads: '', imagePaths: [] as readonly string[], knative: false, pinTags: false }

function pathsOf(...imagePaths: readonly string[]) {
  return listImagePaths({ ...NO_SETTINGS, imagePaths })
}

function textsOf(object: JsonObject, ...imagePaths: readonly string[]): readonly string[] {
  const found = findCustomImages(object, pathsOf(...imagePaths))
  return found.ok ? found.value.images.map(({ text, fieldPath }) => `${fieldPath} ${text}`) : found.issues.map(({ message }) => message)
}

test('parseImagePath() reads members, lists and PodSpecs', () => {
  assert.deepEqual(parseImagePath('argoproj.io/v1alpha1/Rollout:spec.containers[*].image'), {
    ok: true,
    value: {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Rollout',
      steps: [{ field: 'spec' }, { field: 'containers' }, 'EACH', { field: 'image' }],
      holds: 'IMAGE',
    },
  })
  const podSpec = parseImagePath('example.com/v1/Thing:spec.template.spec@PodSpec')
  assert.deepEqual(podSpec.ok && [podSpec.value.holds, podSpec.value.steps.length], ['POD_SPEC', 3])
})

for (const text of [
  '',
  'apps/v1/Deployment:spec.image',
  'v1/Pod:spec.image',
  'example.com/v1/thing:spec.image',
  'example.com/v1/Thing',
  'example.com/v1/Thing:',
  'example.com/v1/Thing:.spec',
  'example.com/v1/Thing:spec..image',
  'example.com/v1/Thing:spec[0].image',
  'example.com/v1/Thing:spec[?(@.a)].image',
  'example.com/v1/Thing:$.spec',
  'example.com/v1/Thing:[*].image',
  'example.com/v1/Thing:spec.image@Pod',
  `example.com/v1/Thing:${'a.'.repeat(24)}a`,
  `example.com/v1/Thing:${'a'.repeat(600)}`,
]) {
  test(`parseImagePath() refuses ${JSON.stringify(text.slice(0, 60))}`, () => assert.equal(parseImagePath(text).ok, false))
}

test('parseClusterSettings() reports every issue, and takes presets by name', () => {
  const wrong = parseClusterSettings({ ...SETTINGS, workloads: 'maybe', imagePaths: ['tekton', 'x'] })
  assert.deepEqual(wrong.ok || wrong.issues.map(({ path }) => path), [['workloads'], ['imagePaths', 1]])
  const right = parseClusterSettings({ ...SETTINGS, workloads: 'warn', imagePaths: ['tekton', 'argo-rollouts', 'tekton'] })
  assert.deepEqual(right.ok && right.value, { workloads: 'warn', imagePaths: ['tekton', 'argo-rollouts'], knative: false, pinTags: false })
  assert.equal(parseClusterSettings({ ...SETTINGS, imagePaths: Array.from({ length: 65 }, (_, n) => `a.io/v1/K:a${n}`) }).ok, false)
})

test('every path of a preset can be read', () => {
  assert.deepEqual([pathsOf('argo-rollouts').length, pathsOf('tekton').length], [5, 38])
})

test('findCustomImages() finds the images of a Rollout, image volumes too', () => {
  const rollout = {
    spec: {
      template: { spec: { containers: [{ name: 'app', image: 'r.example/app:1' }], volumes: [{ image: { reference: 'r.example/data:1' } }] } },
    },
  }
  assert.deepEqual(
    textsOf({ ...rollout, apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout' }, 'argoproj.io/v1alpha1/Rollout:spec.template.spec@PodSpec'),
    ['spec.template.spec.containers[0].image r.example/app:1', 'spec.template.spec.volumes[0].image.reference r.example/data:1'],
  )
})

test('findCustomImages() passes over what is not there or filled in later, and reports what has another shape', () => {
  const path = 'tekton.dev/v1/Task:spec.steps[*].image'
  assert.deepEqual(textsOf({ spec: { steps: [{ ref: {} }, { image: '$(params.image)' }, { image: 'a' }] } }, path), ['spec.steps[2].image a'])
  assert.deepEqual(textsOf({}, path), [])
  assert.deepEqual(textsOf({ spec: { steps: {} } }, path), ['Expected a list, got an object'])
  assert.deepEqual(textsOf({ spec: { steps: [{ image: 1 }] } }, path), ['Expected an image reference, got a number'])
  assert.deepEqual(textsOf({ spec: 'a' }, 'a.io/v1/K:spec@PodSpec'), ['Expected a PodSpec, got a string'])
})

test('findCustomPods() gives the template’s own metadata', () => {
  const object = { spec: { template: { metadata: { labels: { a: 'b' } }, spec: { serviceAccountName: 'ci' } } } }
  assert.deepEqual(findCustomPods(object, pathsOf('a.io/v1/K:spec.template.spec@PodSpec')), [
    { specPath: 'spec.template.spec', metadata: { labels: { a: 'b' } }, spec: { serviceAccountName: 'ci' } },
  ])
})

test('findCustomPaths() knows its kinds alone', () => {
  const kinds = compileCustomKinds(pathsOf('a.io/v1/K:spec.a', 'a.io/v1/K:spec.b'))
  assert.equal(findCustomPaths({ apiVersion: 'a.io/v1', kind: 'K' }, kinds)?.length, 2)
  assert.equal(findCustomPaths({ apiVersion: 'a.io/v2', kind: 'K' }, kinds), undefined)
})

test('property: findCustomImages() is total and bounded', () => {
  const paths = pathsOf('tekton', 'argo-rollouts', 'a.io/v1/K:a[*][*].b')
  fc.assert(fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => void findCustomImages(object, paths)))
  const many = { a: Array.from({ length: 5_000 }, () => [{ b: 'x' }]) }
  assert.deepEqual(textsOf(many, 'a.io/v1/K:a[*][*].b'), ['Expected at most 2000 images'])
})
