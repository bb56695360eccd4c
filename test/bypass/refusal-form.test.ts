import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { BAD, podOf, reviewOf, type Session, startSession } from './session.ts'

/*
 * Class: an answer in the wrong form. A fail-open webhook lets everything in whose answer the API server cannot take for an
 * answer, so every refusal must repeat the uid in the form that was asked, whatever the object holds.
 */
let session: Session

before(async () => {
  session = await startSession()
})

const DISGUISE = { labels: { kind: 'ImageReview' } }
const proper = { kind: 'AdmissionReview', uid: 'u-1', allowed: false }

async function answerTo(body: string): Promise<object> {
  const { json } = await session.hook(body)
  return { kind: json.kind, uid: json.response?.uid, allowed: json.response?.allowed }
}

test('a review above the bound is refused as an AdmissionReview, though a label of the Pod says ImageReview', async () => {
  const metadata = { ...DISGUISE, annotations: { filler: '<'.repeat(9_000_000) } }
  assert.deepEqual(await answerTo(JSON.stringify(reviewOf(podOf(BAD, { metadata })))), proper)
})

test('a review nested too deep is refused as an AdmissionReview, though a label of the Pod says ImageReview', async () => {
  const text = JSON.stringify(reviewOf(podOf(BAD, { metadata: DISGUISE })))
  assert.deepEqual(await answerTo(text.replace('"spec":{', `"spec":{"x":${'['.repeat(500)}${']'.repeat(500)},`)), proper)
})

test('what an object holds in place of a uid does not become the uid of the refusal', async () => {
  const text = JSON.stringify(reviewOf(podOf(BAD, { metadata: { uid: 'theirs', labels: { uid: 'theirs' } } })))
  assert.deepEqual(await answerTo(`${text}{}`), proper)
})

test('an ImageReview that cannot be read is refused as one', async () => {
  const { json } = await session.hook(
    '{"kind":"ImageReview","apiVersion":"imagepolicy.k8s.io/v1alpha1","spec":{"containers":[{"image":"a","image":"b"}]}}',
  )
  assert.deepEqual([json.kind, json.status.allowed], ['ImageReview', false])
})

test('members twice, at any depth and however escaped, a byte order mark and a second document are refused with the uid', async () => {
  const good = JSON.stringify(reviewOf(podOf('good.example/a')))
  const bad = JSON.stringify(podOf(BAD))
  const hostile = [
    `${good.slice(0, -2)},"object":${bad}}}`,
    `${good.slice(0, -2)},"obj\\u0065ct":${bad}}}`,
    good.replace('"image":', `"image":"${BAD}","image":`),
    good.replace('"spec":', '"__proto__":{},"__proto__":{},"spec":'),
    `\ufeff${good}`,
    `${good}${good}`,
  ]
  for (const body of hostile) assert.deepEqual(await answerTo(body), proper, body.slice(0, 300))
})

test('images that are too long together are refused with the uid: each decision records them', async () => {
  const containers = Array.from({ length: 1_000 }, (_, index) => ({ name: `c${index}`, image: `${'a'.repeat(300)}${index}` }))
  assert.deepEqual(await answerTo(JSON.stringify(reviewOf(podOf(BAD, { spec: { containers } })))), proper)
})
