import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ADMIN, callerOf } from '../testing/callers.ts'
import { ATTESTATION_NOTE, attestationOf, DIGEST, makeMetadataWorld } from '../testing/metadata-world.ts'
import { refusalOf } from '../testing/thrown.ts'
import { makeMetadataLists } from './lists.ts'

const NOTE = 'projects/p1/notes/qa'
const OTHER = `sha256:${'cd'.repeat(32)}`

async function arrange() {
  const world = await makeMetadataWorld(['p1', 'p12'])
  await world.notes.createNote(ADMIN, { parent: 'projects/p1', noteId: 'qa', note: ATTESTATION_NOTE })
  const attach = async (project: string, resourceUri: string): Promise<void> => {
    await world.occurrences.createOccurrence(ADMIN, `projects/${project}`, attestationOf(NOTE, { resourceUri }))
  }
  for (const [project, uri] of [
    ['p1', `https://r.example/a@${DIGEST}`],
    ['p12', `r.example/b@${DIGEST}`],
    ['p1', `r.example/a@${OTHER}`],
  ] as const)
    await attach(project, uri)
  const ports = { changes: world.store.changes, pageTokens: world.pageTokens }
  return { ...world, lists: makeMetadataLists(ports) }
}

function urisOf({ occurrences }: { readonly occurrences: readonly Readonly<Record<string, unknown>>[] }): readonly unknown[] {
  return occurrences.map((occurrence) => occurrence['resourceUri'])
}

test('§4.7: the list of p1 holds nothing of p12, in the order of creation', async () => {
  const { lists } = await arrange()
  assert.deepEqual(urisOf(await lists.listOccurrences(callerOf('viewer', 'p1'), 'projects/p1', {})), [
    `https://r.example/a@${DIGEST}`,
    `r.example/a@${OTHER}`,
  ])
  assert.deepEqual((await lists.listNotes(ADMIN, 'projects/p12', {})).notes, [])
  assert.equal((await lists.listNotes(ADMIN, 'projects/p1', {})).notes.length, 1)
})

test('the list of a note holds what hangs on it from every project', async () => {
  const { lists } = await arrange()
  assert.equal((await lists.listNoteOccurrences(ADMIN, NOTE, {})).occurrences.length, 3)
})

test('§4.8: what clients filter by', async () => {
  const { lists } = await arrange()
  const find = async (filter: string) => urisOf(await lists.listNoteOccurrences(ADMIN, NOTE, { filter }))
  const both = [`https://r.example/a@${DIGEST}`, `r.example/b@${DIGEST}`]
  assert.deepEqual(await find(`has_suffix(resourceUrl, "${DIGEST}")`), both)
  assert.deepEqual(await find(`resourceUrl="https://r.example/a@${DIGEST}" AND kind="ATTESTATION"`), both.slice(0, 1))
  assert.deepEqual(await find(`resourceUrl="r.example/a@${DIGEST}" AND kind="ATTESTATION_AUTHORITY"`), both.slice(0, 1))
  assert.deepEqual(await find(`resource_url="https://r.example/b@${DIGEST}" OR resourceUrl="r.example/a@${OTHER}"`), [
    both[1],
    `r.example/a@${OTHER}`,
  ])
  assert.deepEqual(await find(`kind="BUILD"`), [])
  assert.deepEqual(await find(`noteProjectId="p1" AND noteId="qa" AND resource.uri="r.example/b@${DIGEST}"`), both.slice(1))
})

test('§4.7: a note that is absent has no occurrences, and neither has one created again', async () => {
  const { lists, notes } = await arrange()
  assert.deepEqual(await lists.listNoteOccurrences(ADMIN, 'projects/p1/notes/absent', {}), { occurrences: [], nextPageToken: '' })
  await notes.deleteNote(ADMIN, NOTE)
  await notes.createNote(ADMIN, { parent: 'projects/p1', noteId: 'qa', note: ATTESTATION_NOTE })
  assert.deepEqual(await lists.listNoteOccurrences(ADMIN, NOTE, {}), { occurrences: [], nextPageToken: '' })
  assert.equal((await lists.listOccurrences(ADMIN, 'projects/p1', {})).occurrences.length, 2)
})

test('pages continue under the same filter only', async () => {
  const { lists } = await arrange()
  const first = await lists.listNoteOccurrences(ADMIN, NOTE, { pageSize: 2 })
  const second = await lists.listNoteOccurrences(ADMIN, NOTE, { pageSize: 2, pageToken: first.nextPageToken })
  assert.deepEqual([first.occurrences.length, second.occurrences.length, second.nextPageToken], [2, 1, ''])
  const other = lists.listNoteOccurrences(ADMIN, NOTE, { pageToken: first.nextPageToken, filter: 'kind="ATTESTATION"' })
  assert.equal((await refusalOf(other)).code, 'INVALID_ARGUMENT')
})

test('lists refuse an unknown project, a bad filter and who may not', async () => {
  const { lists } = await arrange()
  assert.equal((await refusalOf(lists.listOccurrences(ADMIN, 'projects/p9', {}))).code, 'NOT_FOUND')
  assert.equal((await refusalOf(lists.listNotes(ADMIN, 'projects/p9', {}))).code, 'NOT_FOUND')
  assert.equal((await refusalOf(lists.listOccurrences(ADMIN, 'projects/p1', { filter: '((' }))).code, 'INVALID_ARGUMENT')
  assert.equal((await refusalOf(lists.listOccurrences(callerOf('admin', 'p12'), 'projects/p1', {}))).code, 'PERMISSION_DENIED')
})

test('evidence is told with who wrote what it says now: its creator, then who updated it, never whom a client names', async () => {
  const { lists, notes, occurrences } = await arrange()
  await notes.createNote(ADMIN, { parent: 'projects/p1', noteId: 'scan', note: { discovery: { analysisKind: 'VULNERABILITY' } } })
  const scanner = { ...ADMIN, principal: 'scanner@example.com' }
  const discovery = { analysisStatus: 'SCANNING' }
  const given = { noteName: 'projects/p1/notes/scan', resourceUri: `https://r.example/a@${DIGEST}`, discovery, writer: 'boss@example.com' }
  const { name } = await occurrences.createOccurrence(scanner, 'projects/p1', given)
  const writers = async () => {
    const { evidence } = await lists.listEvidence(callerOf('viewer', 'p1'), 'projects/p1', { filter: 'kind="DISCOVERY"' })
    return evidence.map(({ occurrence, writer }) => [occurrence['name'], occurrence['discovery'], writer])
  }
  assert.deepEqual(await writers(), [[name, discovery, 'scanner@example.com']])
  const forged = { discovery: { analysisStatus: 'FINISHED_SUCCESS' } }
  await occurrences.updateOccurrence(ADMIN, String(name), { occurrence: forged, mask: ['discovery'] })
  assert.deepEqual(await writers(), [[name, forged.discovery, 'token:admin']])
  assert.equal((await refusalOf(lists.listEvidence(callerOf('viewer', 'p2'), 'projects/p1', {}))).code, 'PERMISSION_DENIED')
})

test('§4.2, §4.3: names with a region mean what they mean without one, and stay in messages as they were written', async () => {
  const { lists, notes, occurrences } = await arrange()
  const regional = 'projects/p1/locations/us/notes/scan'
  await notes.createNote(ADMIN, { parent: 'projects/p1/locations/us', noteId: 'scan', note: { discovery: { analysisKind: 'VULNERABILITY' } } })
  assert.deepEqual(await notes.getNote(ADMIN, regional), await notes.getNote(ADMIN, 'projects/p1/notes/scan'))
  const given = { noteName: regional, resourceUri: `https://r.example/a@${DIGEST}`, discovery: { analysisStatus: 'SCANNING' } }
  const created = await occurrences.createOccurrence(ADMIN, 'projects/p1/locations/us', given)
  assert.deepEqual([created['noteName'], String(created['name']).split('/').length], [regional, 4])
  const own = String(created['name']).replace('p1/', 'p1/locations/us/')
  assert.deepEqual(await occurrences.getOccurrence(ADMIN, own), created)
  assert.deepEqual((await lists.listNoteOccurrences(ADMIN, regional, {})).occurrences, [created])
  const filter = 'noteProjectId="p1" AND noteId="scan"'
  assert.deepEqual((await lists.listOccurrences(ADMIN, 'projects/p1/locations/eu', { filter })).occurrences, [created])
  assert.equal((await refusalOf(notes.getNote(ADMIN, 'projects/p1/locations/U S/notes/scan'))).code, 'INVALID_ARGUMENT')
})
