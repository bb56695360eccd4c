import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ADMIN, callerOf } from '../testing/callers.ts'
import { ATTESTATION_NOTE, attestationOf, DIGEST, makeMetadataWorld } from '../testing/metadata-world.ts'
import { refusalOf } from '../testing/thrown.ts'
import { makeAwaitEvidence } from './await-evidence.ts'

const NOTE = 'projects/p1/notes/qa'
const OTHER = `sha256:${'cd'.repeat(32)}`
const VIEWER = callerOf('viewer', 'p1')

/** While it waits, the world does the steps of a script, one for each look at the feed. */
async function arrange(...script: readonly (() => Promise<unknown>)[]) {
  const world = await makeMetadataWorld(['p1', 'p2'])
  await world.notes.createNote(ADMIN, { parent: 'projects/p1', noteId: 'qa', note: ATTESTATION_NOTE })
  let now = 0
  const steps = [...script]
  const sleep = async (ms: number): Promise<void> => {
    now += ms
    await steps.shift()?.()
  }
  const wait = makeAwaitEvidence({ feed: world.store.feed, now: () => now, sleep })
  const after = (await wait(VIEWER, 'projects/p1', { digest: DIGEST, after: 0, waitMs: 0 })).position
  const write = async (project: string, digest: string): Promise<void> => {
    await world.occurrences.createOccurrence(
      ADMIN,
      `projects/${project}`,
      attestationOf(NOTE, { resourceUri: `https://r.example/${project}@${digest}` }),
    )
  }
  const waited = () => now
  return { ...world, wait, after, write, waited, steps }
}

test('answers when something about the image was written in the project, and for nothing else', async () => {
  const { wait, after, write, steps, waited } = await arrange()
  steps.push(
    () => write('p2', DIGEST),
    () => write('p1', OTHER),
    () => write('p1', DIGEST),
  )
  const answer = await wait(VIEWER, 'projects/p1', { digest: DIGEST, after, waitMs: 60_000 })
  assert.deepEqual(answer, { position: after + 3, changed: true })
  assert.equal(waited(), 1500)
})

test('ends when the wait is over, with a place to go on from', async () => {
  const { wait, after, write, waited } = await arrange()
  await write('p1', OTHER)
  assert.deepEqual(await wait(VIEWER, 'projects/p1', { digest: DIGEST, after, waitMs: 1200 }), { position: after + 1, changed: false })
  assert.equal(waited(), 1200)
})

test('what was written between two questions is not missed', async () => {
  const { wait, after, write, waited } = await arrange()
  await write('p1', DIGEST)
  assert.deepEqual(await wait(VIEWER, 'projects/p1', { digest: DIGEST, after, waitMs: 60_000 }), { position: after + 1, changed: true })
  assert.equal(waited(), 0)
})

test('refuses what is not valid, who may not list, and more than may wait at once', async () => {
  const { wait, after, steps } = await arrange()
  const asked = { digest: DIGEST, after, waitMs: 1000 }
  const refusal = async (over: object, caller = VIEWER) => (await refusalOf(wait(caller, 'projects/p1', { ...asked, ...over }))).code
  assert.equal(await refusal({ digest: 'x' }), 'INVALID_ARGUMENT')
  assert.equal(await refusal({ after: -1 }), 'INVALID_ARGUMENT')
  assert.equal(await refusal({ waitMs: 60_001 }), 'INVALID_ARGUMENT')
  assert.equal(await refusal({}, callerOf('viewer', 'p2')), 'PERMISSION_DENIED')
  const { promise, resolve } = Promise.withResolvers<void>()
  steps.push(...Array.from({ length: 50 }, () => () => promise))
  const waiting = Array.from({ length: 50 }, () => wait(VIEWER, 'projects/p1', asked))
  assert.equal(await refusal({}), 'RESOURCE_EXHAUSTED')
  resolve()
  await Promise.all(waiting)
  assert.equal((await wait(VIEWER, 'projects/p1', { ...asked, waitMs: 0 })).changed, false)
})
