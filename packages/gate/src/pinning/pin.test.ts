import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as make from '../testing/factories.ts'
import { pinPod, PINNED_ANNOTATION, type ResolveTag } from './pin.ts'

const resolve: ResolveTag = () => Promise.resolve(make.DIGEST)

async function pin(review: object | string, resolveTag: ResolveTag = resolve, timeoutMs = 5_000) {
  const body = Buffer.from(typeof review === 'string' ? review : JSON.stringify(review))
  const answer = await pinPod({ method: 'POST', url: '/', body, caller: { verifiedBy: 'URL_SEGMENT' } }, { resolveTag, timeoutMs, maxDepth: 200 })
  if (answer === undefined) return undefined
  const { patch, ...response } = (JSON.parse(answer.body) as { readonly response: { readonly patch?: string } }).response
  return { ...response, ...(patch === undefined ? {} : { patch: JSON.parse(Buffer.from(patch, 'base64').toString()) as unknown }) }
}

function podOf(containers: readonly object[], metadata: object = {}) {
  return make.admissionReview({ object: { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers } } })
}

test('pinPod() puts the digest behind each tag, and notes what was written', async () => {
  const review = podOf([
    { name: 'a', image: 'nginx:1.27' },
    { name: 'b', image: make.IMAGE },
    { name: 'c', image: 'nginx' },
  ])
  const [first, second] = [`nginx:1.27@${make.DIGEST}`, `nginx@${make.DIGEST}`]
  const note = JSON.stringify({ [first]: 'nginx:1.27', [second]: 'nginx' })
  assert.deepEqual(await pin(review), {
    uid: make.UID,
    allowed: true,
    patchType: 'JSONPatch',
    auditAnnotations: { pinned: note },
    patch: [
      { op: 'replace', path: '/spec/containers/0/image', value: first },
      { op: 'replace', path: '/spec/containers/2/image', value: second },
      { op: 'add', path: '/metadata/annotations', value: { [PINNED_ANNOTATION]: note } },
    ],
  })
})

test('pinPod() keeps annotations that are there', async () => {
  const pinned = await pin(podOf([{ name: 'a', image: 'nginx' }], { annotations: { a: 'b' } }))
  const [, note] = (pinned as { readonly patch: readonly { readonly path: string }[] }).patch
  assert.equal(note?.path, '/metadata/annotations/countersign.dev~1pinned-images')
})

const unchanged = { uid: make.UID, allowed: true }

test('pinPod() leaves what has nothing to pin, what is no Pod and what is not made', async () => {
  assert.deepEqual(await pin(podOf([{ name: 'a', image: make.IMAGE }])), unchanged)
  assert.deepEqual(await pin(podOf([{ name: 'a', image: 'UPPER' }])), unchanged)
  assert.deepEqual(await pin(make.admissionReview({ operation: 'UPDATE' })), unchanged)
  assert.deepEqual(await pin(make.admissionReview({ object: { apiVersion: 'v1', kind: 'ConfigMap' } })), unchanged)
  assert.equal(await pin('{'), undefined)
})

test('pinPod() leaves the Pod as it is where a registry fails, is late, or would be asked too much', async () => {
  const review = podOf([{ name: 'a', image: 'nginx' }])
  const why = (text: string) => ({
    ...unchanged,
    warnings: [`Tags were not pinned: ${text}`],
    auditAnnotations: { 'not-pinned': `Tags were not pinned: ${text}` },
  })
  assert.deepEqual(await pin(review, () => Promise.reject(new Error('secret'))), why('the registry did not say what a tag means'))
  assert.deepEqual(await pin(review, () => new Promise(() => undefined), 1), why('the registry did not answer in time'))
  const many = podOf(Array.from({ length: 21 }, (_, index) => ({ name: `c${index}`, image: `nginx:${index}` })))
  assert.deepEqual(await pin(many), { ...unchanged, warnings: ['Tags were not pinned: the Pod has 21, expected at most 20'] })
})
