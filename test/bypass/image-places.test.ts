import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { BAD, DENY_ALL, DIGEST, podOf, type Session, startSession } from './session.ts'

/*
 * Classes C10 and C11 (peers.md §4.2): an image in a place that is not looked at, an object that is not what the request
 * says, and an old object that lies. The policy lets in good.example/p/* and nothing else.
 */
let session: Session
const GOOD = 'good.example/p/app'
const template = { metadata: {}, spec: { containers: [{ name: 'main', image: BAD }] } }
const CORE_PODS = { kind: { group: '', version: 'v1', kind: 'Pod' }, resource: { group: '', version: 'v1', resource: 'pods' } }

before(async () => {
  session = await startSession({ ...DENY_ALL, admissionWhitelistPatterns: [{ namePattern: 'good.example/p/*' }] })
})

test('the harness: a good image is let in, a bad one is not', async () => {
  assert.deepEqual([await session.ask(podOf(GOOD)), await session.ask(podOf(BAD))], ['ALLOWED', 'DENIED'])
})

for (const [place, spec] of Object.entries({
  'an init container': { initContainers: [{ name: 'i', image: BAD }] },
  'an ephemeral container': { ephemeralContainers: [{ name: 'e', image: BAD }] },
  'an image volume': { volumes: [{ name: 'v', image: { reference: BAD } }] },
  'a list that is an object': { containers: { 0: { image: BAD } } },
  'a number': { containers: [{ name: 'n', image: 5 }] },
  'no text': { containers: [{ name: 'n' }] },
  'no container': { containers: [null] },
})) {
  test(`class C11: ${place} beside a good container is not passed over`, async () => {
    assert.equal(await session.ask(podOf(GOOD, { spec })), 'DENIED')
  })
}

for (const [apiVersion, kind, spec] of [
  ['apps/v1', 'Deployment', { template }],
  ['apps/v1beta2', 'Deployment', { template }],
  ['extensions/v1beta1', 'DaemonSet', { template }],
  ['apps/v1', 'StatefulSet', { template }],
  ['batch/v1', 'CronJob', { jobTemplate: { spec: { template } } }],
  ['v1', 'ReplicationController', { template }],
  ['v2', 'Pod', template.spec],
] as const) {
  test(`class C11: ${apiVersion} ${kind} is judged by its template`, async () => {
    assert.equal(await session.ask({ apiVersion, kind, metadata: { name: 'x' }, spec }), 'DENIED')
  })
}

test('class C11: a List, a PodTemplate and the 1.20 kind EphemeralContainers are judged', async () => {
  const containers = [{ name: 'e', image: BAD }]
  const old = { apiVersion: 'v1', kind: 'EphemeralContainers', metadata: {}, ephemeralContainers: containers }
  assert.equal(await session.ask({ apiVersion: 'v1', kind: 'List', items: [podOf(GOOD), podOf(BAD)] }), 'DENIED')
  assert.equal(await session.ask({ apiVersion: 'v1', kind: 'PodTemplate', metadata: {}, template }), 'DENIED')
  assert.equal(await session.ask(old, { operation: 'UPDATE', subResource: 'ephemeralcontainers' }), 'DENIED')
})

for (const [lie, object] of Object.entries({
  'a ConfigMap': { apiVersion: 'v1', kind: 'ConfigMap', data: {} },
  'a Pod of another group': { apiVersion: 'apps/v1', kind: 'Pod', metadata: {}, spec: template.spec },
  'a pod in lower case': { apiVersion: 'v1', kind: 'pod', metadata: {}, spec: template.spec },
})) {
  test(`class C10: a request for a Pod that carries ${lie} is refused`, async () => {
    assert.equal(await session.ask(object, CORE_PODS), 'DENIED')
    assert.equal(await session.ask(object, { resource: CORE_PODS.resource }), 'DENIED')
    assert.equal(await session.ask(object, { kind: CORE_PODS.kind }), 'DENIED')
  })
}

test('class C10: a Pod in a request for something else is refused', async () => {
  assert.equal(await session.ask(podOf(BAD), { kind: { group: '', version: 'v1', kind: 'ConfigMap' } }), 'DENIED')
})

test('what holds no Pod goes its way: a ConfigMap, a binding of a Pod, its eviction', async () => {
  const pods = CORE_PODS.resource
  assert.equal(await session.ask({ apiVersion: 'v1', kind: 'ConfigMap', data: {} }), 'ALLOWED')
  assert.equal(await session.ask({ apiVersion: 'v1', kind: 'Binding', target: {} }, { resource: pods, subResource: 'binding' }), 'ALLOWED')
  assert.equal(await session.ask({ apiVersion: 'policy/v1', kind: 'Eviction', metadata: {} }, { resource: pods, subResource: 'eviction' }), 'ALLOWED')
})

test('class C10: no object, or an operation that does not exist, is refused', async () => {
  for (const more of [{ object: undefined }, { object: null }, { object: [] }, { operation: 'delete' }, { operation: undefined }]) {
    assert.equal(await session.ask(podOf(BAD), more), 'DENIED', JSON.stringify(more))
  }
})

test('class C10: an old object excuses only an UPDATE of the same kind, and an image only in the same kind of place', async () => {
  const moved = podOf(GOOD, { spec: { initContainers: [{ name: 'i', image: BAD }] } })
  const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: {}, spec: { template } }
  assert.equal(await session.ask(podOf(BAD), { operation: 'UPDATE', oldObject: podOf(BAD) }), 'ALLOWED')
  assert.equal(await session.ask(podOf(BAD), { operation: 'CREATE', oldObject: podOf(BAD) }), 'DENIED')
  assert.equal(await session.ask(podOf(BAD), { operation: 'UPDATE', oldObject: deployment }), 'DENIED')
  assert.equal(await session.ask(moved, { operation: 'UPDATE', oldObject: podOf(BAD) }), 'DENIED')
  assert.equal(await session.ask(podOf(BAD), { operation: 'UPDATE', subResource: 'resize', oldObject: podOf(GOOD) }), 'DENIED')
})

test('class C13: only the exact mark in its exact place breaks the glass', async () => {
  const label = 'image-policy.k8s.io/break-glass'
  const legacy = 'alpha.image-policy.k8s.io/break-glass'
  for (const value of ['TRUE', 'True', '1', 'true ', ' true', 'yes', '', true, 1, null, ['true']]) {
    assert.equal(
      await session.ask(podOf(BAD, { metadata: { labels: { [label]: value }, annotations: { [legacy]: value } } })),
      'DENIED',
      JSON.stringify(value),
    )
  }
  const swapped = { labels: { [legacy]: 'true' }, annotations: { [label]: 'true' } }
  assert.equal(await session.ask(podOf(BAD, { metadata: swapped })), 'DENIED')
  const onController = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { labels: { [label]: 'true' } }, spec: { template } }
  assert.equal(await session.ask(onController), 'DENIED')
  assert.equal(await session.ask(podOf(BAD, { metadata: { labels: { [label]: 'true' } } })), 'ALLOWED')
})

test('class C18: no spelling of another image passes for one that a pattern lets in', async () => {
  const spellings = [
    'good.example/p/../evil/x',
    'good.example/p//x',
    'good.example/p/a/b',
    'good.example/pX/a',
    'GOOD.example/p/a',
    ' good.example/p/a',
  ]
  const homoglyphs = ['\u0261ood.example/p/a', 'good.example\u2044p\u2044a', 'good.example/p/a@evil.example/x', 'good.example:443/p/a']
  for (const image of [...spellings, ...homoglyphs, `evil.example/good.example/p/a@${DIGEST}`]) {
    assert.equal(await session.ask(podOf(image)), 'DENIED', JSON.stringify(image))
  }
})
