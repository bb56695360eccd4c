import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StatusError } from '@countersign/core/status.ts'
import * as make from '../testing/factories.ts'
import { type PinReport, pinPod, PINNED_ANNOTATION, type ResolveTag } from './pin.ts'

const resolve: ResolveTag = () => Promise.resolve(make.DIGEST)

async function pin(
  review: object | string,
  resolveTag: ResolveTag = resolve,
  timeoutMs = 5_000,
  tell: (report: PinReport) => void = () => undefined,
) {
  const body = Buffer.from(typeof review === 'string' ? review : JSON.stringify(review))
  const answer = await pinPod(
    { method: 'POST', url: '/', body, caller: { verifiedBy: 'URL_SEGMENT' } },
    { resolveTag, tell, timeoutMs, maxDepth: 200 },
  )
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
  const forbidden = () => Promise.reject(new StatusError('PERMISSION_DENIED', 'it resolves to 10.0.0.1'))
  assert.deepEqual(await pin(review, forbidden), why('its registry may not be asked; whoever runs the gate names it with --pin-registry'))
  assert.deepEqual(await pin(review, () => new Promise(() => undefined), 1), why('the registry did not answer in time'))
  const many = podOf(Array.from({ length: 21 }, (_, index) => ({ name: `c${index}`, image: `nginx:${index}` })))
  assert.deepEqual(await pin(many), why('the Pod has 21, expected at most 20'))
})

test('pinPod() tells its own log what became of the tags of each Pod, and nothing of a dry run', async () => {
  const told: PinReport[] = []
  const review = podOf([{ name: 'a', image: 'nginx' }], { generateName: 'web-' })
  await pin(review, resolve, 5_000, (report) => told.push(report))
  await pin(
    review,
    () => Promise.reject(new Error('secret')),
    5_000,
    (report) => told.push(report),
  )
  await pin({ ...review, request: { ...review.request, dryRun: true } }, resolve, 5_000, (report) => told.push(report))
  const { namespace, userInfo } = review.request
  const who = { namespace, pod: 'web-', user: userInfo.username }
  assert.deepEqual(told, [
    { ...who, pinned: { [`nginx@${make.DIGEST}`]: 'nginx' } },
    { ...who, notPinned: 'Tags were not pinned: the registry did not say what a tag means' },
  ])
})
