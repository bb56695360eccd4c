import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import {
  DIGEST,
  keyPair,
  makeAttestor,
  must,
  occurrenceOf,
  podOf,
  REPOSITORY,
  requiring,
  type Session,
  startSession,
  type Verdict,
} from './session.ts'

/*
 * Class C16: a name that is deleted and taken by somebody else. Attestors, notes and projects are what their uids say; the
 * gate and `evaluate` agree on that.
 */
let session: Session
const OURS = keyPair()
const THEIRS = keyPair('second')
const IMAGE = `${REPOSITORY}@${DIGEST}`

before(async () => {
  session = await startSession()
})

/** What the gate says, having made sure that an evaluation of the stored policy says the same. */
async function judge(): Promise<Verdict> {
  const verdict = await session.ask(podOf(IMAGE))
  const { json } = await must(session.api('POST', '/countersign/v1/projects/p1/policy:evaluate', { images: { images: [IMAGE] } }))
  assert.equal(json.outcome, verdict)
  return verdict
}

test('a project that is created again under a trusted name is trusted by no policy of another project', async () => {
  const { api } = session
  await must(api('POST', '/countersign/v1/projects', { id: 'builder' }))
  const attestor = await makeAttestor(session, 'qa', [OURS], { project: 'builder' })
  await must(api('PUT', '/v1/projects/p1/policy', requiring(attestor)))
  await must(api('POST', '/v1/projects/builder/occurrences', await occurrenceOf('projects/builder/notes/qa', OURS)))
  assert.equal(await judge(), 'ALLOWED')
  await must(api('DELETE', '/countersign/v1/projects/builder'))
  assert.equal(await judge(), 'DENIED')
  await must(api('POST', '/countersign/v1/projects', { id: 'builder' }))
  await makeAttestor(session, 'qa', [THEIRS], { project: 'builder' })
  await must(api('POST', '/v1/projects/builder/occurrences', await occurrenceOf('projects/builder/notes/qa', THEIRS)))
  assert.equal(await judge(), 'DENIED')
  await must(api('PUT', '/v1/projects/p1/policy', requiring(attestor)))
  assert.equal(await judge(), 'ALLOWED')
})

test('an attestor that is created again has to be named again, and a note that is created again vouches for nothing', async () => {
  const { api } = session
  const attestor = await makeAttestor(session, 'sec', [OURS])
  const note = 'projects/p1/notes/sec'
  await must(api('PUT', '/v1/projects/p1/policy', requiring(attestor)))
  await must(api('POST', '/v1/projects/p1/occurrences', await occurrenceOf(note, OURS)))
  assert.equal(await judge(), 'ALLOWED')
  await must(api('DELETE', `/v1/${attestor}`))
  await makeAttestor(session, 'sec', [OURS])
  assert.equal(await judge(), 'DENIED')
  await must(api('PUT', '/v1/projects/p1/policy', requiring(attestor)))
  assert.equal(await judge(), 'ALLOWED')
  await must(api('DELETE', `/v1/${note}`))
  await must(api('POST', '/v1/projects/p1/notes?noteId=sec', { attestation: { hint: { humanReadableName: 'sec' } } }))
  await must(api('POST', '/v1/projects/p1/occurrences', await occurrenceOf(note, OURS)))
  assert.equal(await judge(), 'DENIED')
})

test('a token for a project does not open one that is created under its name', async () => {
  const { api } = session
  await must(api('POST', '/countersign/v1/projects', { id: 'gone' }))
  const { secret } = (await must(api('POST', '/countersign/v1/tokens', { displayName: 'x', role: 'ADMIN', project: 'gone' }))).json
  assert.equal((await api('GET', '/v1/projects/gone/policy', undefined, secret)).status, 200)
  await must(api('DELETE', '/countersign/v1/projects/gone'))
  await must(api('POST', '/countersign/v1/projects', { id: 'gone' }))
  assert.equal((await api('GET', '/v1/projects/gone/policy', undefined, secret)).status, 401)
})
