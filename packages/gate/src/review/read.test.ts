import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { admissionReview, cluster, IMAGE, imageReview, pod, UID } from '../testing/factories.ts'
import { findIdentity } from './identity.ts'
import { readReview } from './read.ts'

const read = (body: unknown) =>
  readReview(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)), { cluster: cluster(), maxDepth: 100, uuid: () => 'uuid' })

const ADMISSION = { kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1', uid: UID } as const
const text = JSON.stringify(admissionReview())

describe('readReview()', () => {
  it('projects an AdmissionReview: nothing of environment, annotations or other fields', () => {
    const object = pod([IMAGE], { annotations: { 'kubectl.kubernetes.io/last-applied-configuration': 'secret' } })
    const container = { ...object.spec.containers[0], env: [{ name: 'PASSWORD', value: 'secret' }] }
    const found = read(admissionReview({ object: { ...object, spec: { ...object.spec, containers: [container] } } }))
    assert.equal(found.outcome, 'JUDGE')
    assert.ok(!JSON.stringify(found).includes('secret'))
    assert.deepEqual(found.outcome === 'JUDGE' && { ...found.request, images: found.request.images.map((image) => [image.text, image.fieldPath]) }, {
      uid: UID,
      source: 'ADMISSION_REVIEW',
      project: 'prod-1',
      scope: { cluster: 'us-central1-a.prod', trustDomain: 'prod-1.svc.id.goog', namespace: 'shop', serviceAccount: 'web' },
      operation: 'CREATE',
      workload: { apiVersion: 'v1', kind: 'Pod', name: 'web-1', resource: 'pods' },
      images: [[IMAGE, 'spec.containers[0].image']],
      unchangedImages: [],
      user: { username: 'alice@example.com' },
      serverDryRun: false,
    })
  })

  // A body that is wrong is refused with its uid: never an admission, and never a failed call that a fail-open webhook would let in.
  for (const [name, body] of [
    ['truncated', text.slice(0, -10)],
    ['with a member twice', text.replace('"operation":"CREATE"', '"operation":"CREATE","operation":"DELETE"')],
    ['with an escaped double', text.replace('"operation":"CREATE"', '"operation":"CREATE","oper\\u0061tion":"DELETE"')],
    ['with an image twice', text.replace('"image":"', '"image":"evil","image":"')],
    ['with another kind', text.replace('AdmissionReview', 'AdmissionRevue')],
    ['of another version', text.replace('admission.k8s.io/v1', 'admission.k8s.io/v2')],
    ['without a version', JSON.stringify({ ...admissionReview(), apiVersion: undefined })],
    ['with an unknown operation', admissionReview({ operation: 'PATCH' })],
    ['without an operation', admissionReview({ operation: undefined })],
    ['without an object', admissionReview({ object: null })],
    ['with a list as object', admissionReview({ object: [] })],
    ['whose object has no kind', admissionReview({ object: { ...pod(), kind: undefined } })],
    [
      'whose object is another kind than the request says',
      admissionReview({ object: { ...pod(), kind: 'ReplicationController', spec: { template: pod() } } }),
    ],
    ['whose request names another kind than its object', admissionReview({ kind: { group: '', version: 'v1', kind: 'ConfigMap' } })],
    ['whose kind has a group and no version', admissionReview({ kind: { group: 'apps', kind: 'Pod' } })],
    ['without a kind in its request', admissionReview({ kind: undefined })],
    ['whose Pod has no spec', admissionReview({ object: { ...pod(), spec: undefined } })],
    ['whose containers are an object', admissionReview({ object: { ...pod(), spec: { containers: { a: 1 } } } })],
    ['whose container is null', admissionReview({ object: { ...pod(), spec: { containers: [null] } } })],
    ['whose image is a number', admissionReview({ object: { ...pod(), spec: { containers: [{ image: 7 }] } } })],
    ['whose image is empty', admissionReview({ object: { ...pod(), spec: { containers: [{ image: '' }] } } })],
    ['whose image is missing', admissionReview({ object: { ...pod(), spec: { containers: [{ name: 'c' }] } } })],
    ['whose image is endless', admissionReview({ object: pod(['a'.repeat(5000)]) })],
    ['whose image is half a character', admissionReview({ object: pod(['\ud800']) })],
    ['with ten thousand containers', admissionReview({ object: pod(Array.from({ length: 10_000 }, () => IMAGE)) })],
    ['whose namespace is a number', admissionReview({ namespace: 7 })],
    ['whose namespace is half a character', admissionReview({ namespace: '\udc00' })],
    ['nested too deep', text.replace('"oldObject":null', `"oldObject":${'['.repeat(200)}${']'.repeat(200)}`)],
  ] as const) {
    it(`refuses an AdmissionReview ${name}, with its uid`, () => {
      const { outcome, ...rest } = read(body)
      assert.equal(outcome, 'REFUSE')
      assert.deepEqual('identity' in rest && rest.identity, ADMISSION)
    })
  }

  for (const [name, body] of [
    ['nothing', ''],
    ['a number', '7'],
    ['a list', '[]'],
    ['an object', '{}'],
    ['a review without a request', { kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1' }],
    ['a review whose uid is a number', admissionReview({ uid: 7 })],
    ['HTML', '<html>'],
  ] as const) {
    it(`refuses ${name}, which no API server sends, without an identity`, () => {
      const found = read(body)
      assert.deepEqual([found.outcome, 'identity' in found], ['REFUSE', false])
    })
  }

  for (const [name, body] of [
    ['truncated', JSON.stringify(imageReview()).slice(0, -3)],
    ['without a spec', { kind: 'ImageReview', apiVersion: 'imagepolicy.k8s.io/v1alpha1' }],
    ['of another version', { ...imageReview(), apiVersion: 'imagepolicy.k8s.io/v1' }],
    ['whose containers are a text', imageReview([], { containers: 'nginx' })],
    ['whose container has no image', imageReview([], { containers: [{}] })],
  ] as const) {
    it(`refuses an ImageReview ${name} as one`, () => {
      const found = read(body)
      assert.deepEqual([found.outcome, 'identity' in found && found.identity.kind], ['REFUSE', 'ImageReview'])
    })
  }

  it('never throws, and judges or refuses whatever is put in the place of any member', () => {
    const paths = memberPaths(admissionReview())
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.jsonValue(), (path, value) => {
        const review: unknown = replaceAt(admissionReview(), path, value)
        assert.ok(['JUDGE', 'NOTHING_TO_JUDGE', 'REFUSE'].includes(read(review).outcome))
      }),
    )
  })

  it('never throws on bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        findIdentity(bytes)
        assert.equal(readReview(bytes, { cluster: cluster(), maxDepth: 100, uuid: () => 'uuid' }).outcome, 'REFUSE')
      }),
    )
  })
})

function memberPaths(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path]
  return [path, ...Object.entries(value).flatMap(([name, member]) => memberPaths(member, [...path, name]))]
}

function replaceAt(value: unknown, [name, ...rest]: readonly string[], replacement: unknown): unknown {
  if (name === undefined) return replacement
  if (Array.isArray(value)) return value.map((item, index) => (String(index) === name ? replaceAt(item, rest, replacement) : item))
  const object = value as Readonly<Record<string, unknown>>
  return { ...object, [name]: replaceAt(object[name], rest, replacement) }
}
