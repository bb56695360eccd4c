import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { findImages, IMAGE_FIELDS, MAX_IMAGES } from './images.ts'
import { POD_PATHS } from './pod.ts'

const SPEC = {
  volumes: [
    { name: 'data', image: { reference: 'r.example/data:1', pullPolicy: 'Always' } },
    { name: 'tmp', emptyDir: {} },
  ],
  initContainers: [{ name: 'init', image: 'r.example/init:1' }],
  containers: [
    { name: 'app', image: 'r.example/app:1', env: [{ name: 'IMAGE', value: 'r.example/not-an-image:1' }] },
    { name: 'side', image: 'r.example/side:1' },
  ],
  ephemeralContainers: [{ name: 'debug', image: 'r.example/debug:1' }],
}
const FOUND = [
  ['r.example/app:1', 'CONTAINER', 'app', 'containers[0].image'],
  ['r.example/side:1', 'CONTAINER', 'side', 'containers[1].image'],
  ['r.example/init:1', 'INIT_CONTAINER', 'init', 'initContainers[0].image'],
  ['r.example/debug:1', 'EPHEMERAL_CONTAINER', 'debug', 'ephemeralContainers[0].image'],
  ['r.example/data:1', 'IMAGE_VOLUME', 'data', 'volumes[0].image.reference'],
] as const

function listFound(object: unknown): readonly (readonly unknown[])[] {
  const found = findImages(object)
  assert.ok(found.ok, JSON.stringify(found))
  return found.value.images.map((image) => [image.text, image.containerType, image.containerName, image.fieldPath])
}

function issuesOf(object: unknown): readonly string[] {
  const found = findImages(object)
  return found.ok ? [] : found.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
}

function pod(spec: unknown): unknown {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec }
}

const VERSIONS: Readonly<Record<string, readonly string[]>> = {
  '': ['v1'],
  apps: ['apps/v1', 'apps/v1beta1', 'apps/v1beta2'],
  extensions: ['extensions/v1beta1'],
  batch: ['batch/v1', 'batch/v1beta1'],
}
for (const [group, kinds] of Object.entries(POD_PATHS)) {
  for (const [kind, path] of Object.entries(kinds)) {
    for (const apiVersion of VERSIONS[group] ?? []) {
      test(`findImages() finds all of ${apiVersion} ${kind}`, () => {
        const holder: object = path.reduceRight<object>((inner, step) => ({ [step]: inner }), { spec: SPEC })
        const expected = FOUND.map(([text, type, name, at]) => [text, type, name, [...path, 'spec', at].join('.')])
        assert.deepEqual(listFound({ ...holder, apiVersion, kind }), expected)
        assert.deepEqual(
          listFound({ apiVersion: 'v1', kind: 'List', items: [{ ...holder, apiVersion, kind }] }),
          expected.map(([text, type, name, at]) => [text, type, name, `items[0].${at}`]),
        )
        assert.equal(listFound({ apiVersion, kind: `${kind}List`, items: [holder] }).length, FOUND.length)
      })
    }
  }
}

test('POD_PATHS names every kind of Kubernetes 1.36 that holds a PodSpec, and those of 1.20', () => {
  const kinds = Object.entries(POD_PATHS).flatMap(([group, all]) => Object.keys(all).map((kind) => `${group}/${kind}`))
  assert.deepEqual(kinds.sort(), [
    '/Pod',
    '/PodTemplate',
    '/ReplicationController',
    'apps/DaemonSet',
    'apps/Deployment',
    'apps/ReplicaSet',
    'apps/StatefulSet',
    'batch/CronJob',
    'batch/Job',
    'extensions/DaemonSet',
    'extensions/Deployment',
    'extensions/ReplicaSet',
  ])
})

test('a field of the Kubernetes schema that sounds like an image is walked, or is known to be none', () => {
  const text = readFileSync(new URL('./testing/pod-text-fields-1.36.txt', import.meta.url), 'utf8')
  const fields = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  const walked = IMAGE_FIELDS.map(({ list, steps }) => `${list}[].${steps.join('.')}`)
  // A block device of Ceph, and the names of secrets with registry passwords.
  const known = ['volumes[].rbd.image', 'imagePullSecrets[].name']
  const suspicious = fields.filter((field) => !field.startsWith('affinity.') && /image|artifact|reference|rootfs|oci\b/i.test(field))
  assert.ok(fields.length > 400)
  assert.deepEqual(suspicious.sort(), [...walked, ...known].sort())
})

test('findImages() reads the 1.20 kind EphemeralContainers', () => {
  const object = { apiVersion: 'v1', kind: 'EphemeralContainers', metadata: { name: 'p' }, ephemeralContainers: SPEC.ephemeralContainers }
  assert.deepEqual(listFound(object), [['r.example/debug:1', 'EPHEMERAL_CONTAINER', 'debug', 'ephemeralContainers[0].image']])
})

test('findImages() keeps a text that is no reference, without one', () => {
  const found = findImages(pod({ containers: [{ name: 'a', image: 'UPPER CASE' }] }))
  assert.deepEqual(found, {
    ok: true,
    value: {
      recognized: true,
      images: [{ text: 'UPPER CASE', containerType: 'CONTAINER', containerName: 'a', fieldPath: 'spec.containers[0].image' }],
    },
  })
})

test('findImages() tells what holds no Pod from a workload', () => {
  for (const [apiVersion, kind] of [
    ['v1', 'ConfigMap'],
    ['autoscaling/v1', 'Scale'],
    ['example.com/v1', 'Deployment'],
    ['example.com/v1', 'AllowList'],
    ['v1', 'constructor'],
  ]) {
    assert.deepEqual(findImages({ apiVersion, kind, items: {} }), { ok: true, value: { recognized: false, images: [] } })
  }
  const list = { apiVersion: 'v1', kind: 'List', items: [{ apiVersion: 'v1', kind: 'Secret' }] }
  assert.deepEqual(findImages(list), { ok: true, value: { recognized: false, images: [] } })
})

const ISSUES: readonly (readonly [string, unknown, readonly string[]])[] = [
  ['no object', null, [': Expected a Kubernetes object, got null']],
  ['a list', [], [': Expected a Kubernetes object, got a list']],
  ['no kind', { apiVersion: 'v1' }, ['kind: Expected a text, got nothing']],
  ['a version that is no text', { apiVersion: 1, kind: 'Pod' }, ['apiVersion: Expected a text, got a number']],
  ['a Pod without spec', { apiVersion: 'v1', kind: 'Pod' }, ['spec: Expected an object, got nothing']],
  ['a Deployment without template', { apiVersion: 'apps/v1', kind: 'Deployment', spec: {} }, ['spec.template: Expected an object, got nothing']],
  ['containers that are no list', pod({ containers: { a: 1 } }), ['spec.containers: Expected a list, got an object']],
  ['a container that is no object', pod({ containers: ['a'] }), ['spec.containers.0: Expected an object, got a string']],
  ['a container without image', pod({ containers: [{ name: 'a' }] }), ['spec.containers.0.image: Expected an image reference, got nothing']],
  ['an image that is a list', pod({ initContainers: [{ image: ['a'] }] }), ['spec.initContainers.0.image: Expected an image reference, got a list']],
  [
    'an empty image',
    pod({ ephemeralContainers: [{ image: '' }] }),
    ['spec.ephemeralContainers.0.image: Expected an image reference, got an empty text'],
  ],
  ['an image volume that is a text', pod({ volumes: [{ image: 'a' }] }), ['spec.volumes.0.image: Expected an object, got a string']],
  [
    'a volume reference that is a number',
    pod({ volumes: [{ image: { reference: 1 } }] }),
    ['spec.volumes.0.image.reference: Expected an image reference, got a number'],
  ],
  [
    'a list in a list',
    { apiVersion: 'v1', kind: 'List', items: [{ kind: 'List' }] },
    ['items.0.kind: A list inside a list is not a Kubernetes object'],
  ],
  ['an item that is no object', { apiVersion: 'v1', kind: 'PodList', items: [1] }, ['items.0: Expected a Kubernetes object, got a number']],
]
for (const [name, object, expected] of ISSUES) {
  test(`findImages() reports ${name}`, () => assert.deepEqual(issuesOf(object), expected))
}

test('findImages() reports every issue at once, and no more than 100', () => {
  assert.equal(issuesOf(pod({ containers: [{}, 1], volumes: {} })).length, 3)
  assert.ok(issuesOf(pod({ containers: Array.from({ length: 5_000 }, () => ({})) })).length <= 101)
})

test('findImages() refuses more images than any workload has', () => {
  const many = (count: number) => pod({ containers: Array.from({ length: count }, () => ({ image: 'a' })) })
  assert.deepEqual([listFound(many(MAX_IMAGES)).length, issuesOf(many(MAX_IMAGES + 1))], [2_000, [': Expected at most 2000 images']])
})

test('findImages() passes over volumes without an image, and image volumes of a template that name none yet', () => {
  assert.deepEqual(listFound(pod({ containers: null, volumes: [{ name: 'a' }, { image: null }, { image: {} }, { image: { reference: '' } }] })), [])
})

test('property: findImages() is total, and never passes over a container in silence', () => {
  const container = fc.oneof(fc.record({ name: fc.string(), image: fc.oneof(fc.string(), fc.jsonValue()) }), fc.jsonValue())
  fc.assert(
    fc.property(fc.array(container, { maxLength: 5 }), fc.jsonValue(), (containers, other) => {
      findImages(other)
      const found = findImages(pod({ containers }))
      if (found.ok) assert.equal(found.value.images.length, containers.length)
    }),
  )
})
