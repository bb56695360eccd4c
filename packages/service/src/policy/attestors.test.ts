import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ADMIN, callerOf } from '../testing/callers.ts'
import { ATTESTATION_NOTE } from '../testing/metadata-world.ts'
import { attestorOf, makePolicyWorld, makeTestKey, requiring } from '../testing/policy-world.ts'
import { refusalOf } from '../testing/thrown.ts'

const NAME = 'projects/p1/attestors/a'
const CREATION = { parent: 'projects/p1', attestorId: 'a', attestor: attestorOf() }

test('createAttestor() binds to note and uid and gives keys their ids', async () => {
  const { attestors } = await makePolicyWorld()
  const { stored } = await attestors.createAttestor(ADMIN, {
    ...CREATION,
    attestor: { ...attestorOf(makeTestKey().message, makeTestKey('key-2').message), description: 'd' },
  })
  assert.equal(stored.attestor.name, NAME)
  assert.equal(stored.attestor.description, 'd')
  assert.match(stored.attestor.publicKeys[0]?.id ?? '', /^ni:\/\/\/sha-256;[A-Za-z0-9_-]{43}$/)
  assert.equal(stored.attestor.publicKeys[1]?.id, 'key-2')
  assert.match(stored.etag, /^"[A-Za-z0-9+/]{12}"$/)
  const got = await attestors.getAttestor(callerOf('viewer', 'p1'), NAME)
  assert.deepEqual(got.stored, stored)
  assert.match(got.projectNumber, /^\d{12}$/)
})

test('§5.3: methods refuse with the original’s codes', async () => {
  const { attestors } = await makePolicyWorld()
  const create = async (change: object): Promise<string> => (await refusalOf(attestors.createAttestor(ADMIN, { ...CREATION, ...change }))).code
  await attestors.createAttestor(ADMIN, CREATION)
  assert.equal(await create({}), 'ALREADY_EXISTS')
  assert.equal(await create({ parent: 'projects/p9' }), 'NOT_FOUND')
  assert.equal(await create({ attestorId: '' }), 'INVALID_ARGUMENT')
  assert.equal(await create({ attestorId: 'b', attestor: {} }), 'INVALID_ARGUMENT')
  assert.equal(
    await create({ attestorId: 'b', attestor: { userOwnedGrafeasNote: { noteReference: 'projects/p1/notes/absent' } } }),
    'INVALID_ARGUMENT',
  )
  assert.equal((await refusalOf(attestors.listAttestors(ADMIN, 'projects/p9', {}))).code, 'INVALID_ARGUMENT')
  assert.equal((await refusalOf(attestors.getAttestor(ADMIN, 'projects/p1/attestors/x'))).code, 'NOT_FOUND')
  assert.equal((await refusalOf(attestors.updateAttestor(ADMIN, 'projects/p1/attestors/x', attestorOf()))).code, 'NOT_FOUND')
  assert.equal((await refusalOf(attestors.deleteAttestor(ADMIN, 'projects/p1/attestors/x'))).code, 'NOT_FOUND')
})

test('createAttestor() needs the right to list what hangs on the note', async () => {
  const { attestors } = await makePolicyWorld()
  const creation = { ...CREATION, parent: 'projects/p12' }
  assert.equal(
    (await refusalOf(attestors.createAttestor(callerOf('admin', 'p12'), creation))).message,
    'permission "containeranalysis.notes.listOccurrences" denied for project "p1", entity ID "qa"',
  )
})

test('createAttestor() tells every key that cannot be used, each with its path', async () => {
  const { attestors } = await makePolicyWorld()
  const bad = { pkixPublicKey: { publicKeyPem: 'x', signatureAlgorithm: 'ECDSA_P256_SHA256' } }
  const refused = await refusalOf(attestors.createAttestor(ADMIN, { ...CREATION, attestor: attestorOf(bad, makeTestKey().message, bad) }))
  assert.equal(refused.code, 'INVALID_ARGUMENT')
  assert.match(refused.message, /userOwnedGrafeasNote\.publicKeys\[0\]\.pkixPublicKey\.publicKeyPem: .*publicKeys\[2\]\./)
  const both = { ...makeTestKey().message, asciiArmoredPgpPublicKey: 'x' }
  assert.match((await refusalOf(attestors.createAttestor(ADMIN, { ...CREATION, attestor: attestorOf(both) }))).message, /expected exactly one of/)
})

test('an id stands for one key: a doubled one is refused as gcloud says it', async () => {
  const { attestors } = await makePolicyWorld()
  const attestor = attestorOf(makeTestKey('k').message, makeTestKey('k').message)
  assert.deepEqual(await refusalOf(attestors.createAttestor(ADMIN, { ...CREATION, attestor })), {
    code: 'INVALID_ARGUMENT',
    message: `Public key with ID [k] already present on attestor [${NAME}]`,
  })
})

test('a key that two attestors share is warned about, whatever its id, without naming one that the caller may not read', async () => {
  const { attestors } = await makePolicyWorld()
  const key = makeTestKey()
  await attestors.createAttestor(ADMIN, { ...CREATION, attestor: attestorOf(key.message) })
  const second = await attestors.createAttestor(ADMIN, { ...CREATION, attestorId: 'b', attestor: attestorOf({ ...key.message, id: 'another-id' }) })
  assert.equal(second.warnings.length, 1)
  assert.match(second.warnings[0] ?? '', /attestors\/b and projects\/p1\/attestors\/a/)
  const updated = await attestors.updateAttestor(ADMIN, 'projects/p1/attestors/b', attestorOf(makeTestKey().message))
  assert.deepEqual(updated.warnings, [])
})

test('updateAttestor() replaces keys and description, keeps uid and note, and compares the etag', async () => {
  const { attestors } = await makePolicyWorld()
  const { stored } = await attestors.createAttestor(ADMIN, { ...CREATION, attestor: { ...attestorOf(), description: 'd' } })
  const body = { ...attestorOf(makeTestKey('k').message), etag: stored.etag }
  const updates = await Promise.allSettled([1, 2].map(() => attestors.updateAttestor(ADMIN, NAME, body)))
  assert.deepEqual(updates.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  const after = (await attestors.getAttestor(ADMIN, NAME)).stored
  assert.deepEqual(
    [after.attestor.uid, after.attestor.noteUid, after.attestor.description],
    [stored.attestor.uid, stored.attestor.noteUid, undefined],
  )
  assert.notEqual(after.etag, stored.etag)
})

test('updateAttestor() never moves an attestor to another note', async () => {
  const { attestors, notes } = await makePolicyWorld()
  await notes.createNote(ADMIN, { parent: 'projects/p1', noteId: 'other', note: ATTESTATION_NOTE })
  await attestors.createAttestor(ADMIN, CREATION)
  const moved = { userOwnedGrafeasNote: { noteReference: 'projects/p1/notes/other' } }
  assert.equal((await refusalOf(attestors.updateAttestor(ADMIN, NAME, moved))).code, 'INVALID_ARGUMENT')
})

test('an attestor created again is another, and one whose note was created again stays with the dead one', async () => {
  const { attestors, notes } = await makePolicyWorld()
  const first = (await attestors.createAttestor(ADMIN, CREATION)).stored
  await attestors.deleteAttestor(ADMIN, NAME)
  const second = (await attestors.createAttestor(ADMIN, CREATION)).stored
  assert.notEqual(second.attestor.uid, first.attestor.uid)
  await notes.deleteNote(ADMIN, 'projects/p1/notes/qa')
  await notes.createNote(ADMIN, { parent: 'projects/p1', noteId: 'qa', note: ATTESTATION_NOTE })
  const updated = await attestors.updateAttestor(ADMIN, NAME, attestorOf())
  assert.equal(updated.stored.attestor.noteUid, second.attestor.noteUid)
  assert.match(updated.warnings[0] ?? '', /was deleted after attestor/)
})

test('deleteAttestor() warns of the policies that still name it', async () => {
  const { attestors, policies } = await makePolicyWorld()
  await attestors.createAttestor(ADMIN, CREATION)
  await policies.updatePolicy(ADMIN, 'projects/p1/policy', requiring(NAME))
  assert.deepEqual(await attestors.deleteAttestor(ADMIN, NAME), {
    warnings: [`The policy of project "p1" still names attestor "${NAME}": its rules that require it deny from now on`],
  })
})

test('listAttestors() pages by name and shows nothing of a project whose name it begins', async () => {
  const { attestors } = await makePolicyWorld()
  for (const [parent, attestorId] of [
    ['p1', 'b'],
    ['p1', 'a'],
    ['p12', 'c'],
  ])
    await attestors.createAttestor(ADMIN, { ...CREATION, parent: `projects/${parent}`, attestorId: attestorId ?? '' })
  const first = await attestors.listAttestors(ADMIN, 'projects/p1', { pageSize: 1 })
  const second = await attestors.listAttestors(ADMIN, 'projects/p1', { pageSize: 1, pageToken: first.nextPageToken })
  assert.deepEqual(
    [...first.attestors, ...second.attestors].map(({ attestor }) => attestor.name),
    ['projects/p1/attestors/a', 'projects/p1/attestors/b'],
  )
  assert.equal(second.nextPageToken, '')
  assert.equal((await refusalOf(attestors.listAttestors(ADMIN, 'projects/p12', { pageToken: first.nextPageToken }))).code, 'INVALID_ARGUMENT')
})
