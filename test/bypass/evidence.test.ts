import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import {
  DIGEST,
  keyPair,
  makeAttestor,
  must,
  occurrenceOf,
  OTHER_DIGEST,
  podOf,
  REPOSITORY,
  requiring,
  type Session,
  startSession,
} from './session.ts'

/*
 * Classes C1, C2, C6, C8 and C18 (peers.md §4.2): evidence of something else, and evidence without end. Each attestation is
 * stored, because the store keeps what others write; none may count.
 */
let session: Session
const KEY = keyPair()
const STRANGER = keyPair('second')
const NOTE = 'projects/p1/notes/qa'
const OTHER_NOTE = 'projects/p1/notes/other'

before(async () => {
  session = await startSession()
  const { api } = session
  await must(api('POST', '/countersign/v1/projects', { id: 'p2' }))
  const attestor = await makeAttestor(session, 'qa', [KEY])
  await makeAttestor(session, 'other', [KEY])
  await must(api('PUT', '/v1/projects/p1/policy', requiring(attestor)))
})

const judge = (image = `${REPOSITORY}@${DIGEST}`) => session.ask(podOf(image))
const attest = async (occurrence: unknown, project = 'p1') => await must(session.api('POST', `/v1/projects/${project}/occurrences`, occurrence))

/** A payload that names `digest`, then changed as text. */
function payload(digest: string, change: (text: string) => string = (text) => text): Uint8Array {
  const type = 'Google cloud binauthz container signature'
  const text = JSON.stringify({ critical: { identity: { 'docker-reference': 'x' }, image: { 'docker-manifest-digest': digest }, type } })
  return Buffer.from(change(text))
}

const MEMBER = '"docker-manifest-digest":'
for (const [forgery, make] of Object.entries({
  'of the same key under the note of another attestor': () => occurrenceOf(OTHER_NOTE, KEY),
  'whose payload names another digest than its resource': () => occurrenceOf(NOTE, KEY, { payload: payload(OTHER_DIGEST) }),
  'whose payload names two digests': () =>
    occurrenceOf(NOTE, KEY, { payload: payload(OTHER_DIGEST, (text) => text.replace(MEMBER, `${MEMBER}"${DIGEST}",${MEMBER}`)) }),
  'whose payload has two images': () =>
    occurrenceOf(NOTE, KEY, { payload: payload(OTHER_DIGEST, (text) => text.replace('"image":', `"image":{${MEMBER}"${DIGEST}"},"image":`)) }),
  'whose payload has a decoy outside of critical': () =>
    occurrenceOf(NOTE, KEY, { payload: payload(OTHER_DIGEST, (text) => text.replace('{', `{"image":{${MEMBER}"${DIGEST}"},`)) }),
  'whose payload spells the digest in capitals': () => occurrenceOf(NOTE, KEY, { payload: payload(`sha256:${'AB'.repeat(32)}`) }),
  'whose payload is no JSON': () => occurrenceOf(NOTE, KEY, { payload: Buffer.from(DIGEST) }),
  'whose payload has something behind its end': () => occurrenceOf(NOTE, KEY, { payload: payload(DIGEST, (text) => `${text}{}`) }),
  'of a stranger under the id of the key': () => occurrenceOf(NOTE, STRANGER, { keyId: KEY.key.id }),
  'of a stranger': () => occurrenceOf(NOTE, STRANGER),
})) {
  test(`class C1: an attestation ${forgery} does not count`, async () => {
    await attest(await make())
    assert.equal(await judge(), 'DENIED')
  })
}

test('class C1: an attestation cannot be turned into one of another digest', async () => {
  const { json } = await attest(await occurrenceOf(NOTE, KEY, { digest: OTHER_DIGEST }))
  const good = { ...(await occurrenceOf(NOTE, KEY)), noteName: OTHER_NOTE }
  for (const mask of ['attestation', 'resourceUri', 'noteName', 'attestation.serializedPayload', 'name', 'createTime', '*', '']) {
    const { status } = await session.api('PATCH', `/v1/${json.name}${mask === '' ? '' : `?updateMask=${mask}`}`, good)
    assert.equal(status, 400, mask)
  }
  assert.equal(await judge(), 'DENIED')
})

test('class C18: only a well-formed sha256 digest can be attested', async () => {
  const { json } = await attest(await occurrenceOf(NOTE, KEY))
  const judged = [`${REPOSITORY}@${DIGEST}`, `${REPOSITORY}:tag@${DIGEST}`, `mirror.example/x@${DIGEST}`]
  for (const image of judged) assert.equal(await judge(image), 'ALLOWED', image)
  const others = [
    `${REPOSITORY}:tag`,
    `${REPOSITORY}@sha256:${'AB'.repeat(32)}`,
    `${REPOSITORY}@sha512:${'ab'.repeat(64)}`,
    `${REPOSITORY}@${DIGEST}@${DIGEST}`,
  ]
  for (const image of [...others, `${REPOSITORY}@${DIGEST} `, `${REPOSITORY}@${DIGEST}0`]) assert.equal(await judge(image), 'DENIED', image)
  await must(session.api('DELETE', `/v1/${json.name}`))
  assert.equal(await judge(), 'DENIED')
})

test('class C16: a project that is deleted takes what it attested on the notes of others', async () => {
  await attest(await occurrenceOf(NOTE, KEY), 'p2')
  assert.equal(await judge(), 'ALLOWED')
  await must(session.api('DELETE', '/countersign/v1/projects/p2'))
  assert.equal(await judge(), 'DENIED')
})

test('class C8: a flood of bogus attestations ends at a bound of their length, and does not hide a good one', async () => {
  const digest = `sha256:${'0f'.repeat(32)}` as typeof DIGEST
  await attest(await occurrenceOf(NOTE, KEY, { digest }))
  const honest = await occurrenceOf(NOTE, STRANGER, { digest, keyId: KEY.key.id })
  const statuses: number[] = []
  for (let batch = 0; batch < 6; batch++) {
    const occurrences = Array.from({ length: 10 }, (_, index) => {
      const signature = Buffer.alloc(60_000, batch * 10 + index + 1).toString('base64')
      return { ...honest, attestation: { ...honest.attestation, signatures: [{ publicKeyId: KEY.key.id, signature }] } }
    })
    statuses.push((await session.api('POST', '/v1/projects/p1/occurrences:batchCreate', { occurrences })).status)
  }
  assert.deepEqual([...new Set(statuses)], [200, 429])
  assert.equal(await judge(`${REPOSITORY}@${digest}`), 'ALLOWED')
})

test('class C8: an attestation cannot grow beyond its bound after it was stored', async () => {
  const { json } = await attest(await occurrenceOf(NOTE, STRANGER, { digest: OTHER_DIGEST }))
  const { status } = await session.api('PATCH', `/v1/${json.name}?updateMask=remediation`, { remediation: 'x'.repeat(1_000_000) })
  assert.equal(status, 400)
})
