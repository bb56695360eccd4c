import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ADMIN, callerOf } from '../testing/callers.ts'
import { ATTESTATION_NOTE, makeMetadataWorld } from '../testing/metadata-world.ts'
import { refusalOf } from '../testing/thrown.ts'

const NAME = 'projects/p1/notes/qa'
const CREATION = { parent: 'projects/p1', noteId: 'qa', note: ATTESTATION_NOTE }

test('createNote() gives name, kind and times, whatever the client sent there', async () => {
  const { notes, store } = await makeMetadataWorld(['p1'])
  const sent = { ...ATTESTATION_NOTE, name: 'projects/x/notes/y', kind: 'BUILD', createTime: '1999-01-01T00:00:00Z', shortDescription: 's' }
  const note = await notes.createNote(ADMIN, { ...CREATION, note: sent })
  const { createTime, updateTime, ...rest } = note
  assert.deepEqual(rest, { name: NAME, kind: 'ATTESTATION', ...ATTESTATION_NOTE, shortDescription: 's' })
  assert.match(String(createTime), /^2026-01-31T12:00:00\.\d{6}Z$/)
  assert.equal(updateTime, createTime)
  assert.deepEqual(await notes.getNote(callerOf('viewer', 'p1'), NAME), note)
  const [record] = store.records().slice(-1)
  assert.equal(record?.methodName, 'grafeas.v1.Grafeas.CreateNote')
  assert.deepEqual(record?.permissions, [{ permission: 'containeranalysis.notes.create', resource: 'projects/p1', granted: true }])
})

test('§4.6: createNote() refuses in the reference server’s words', async () => {
  const { notes } = await makeMetadataWorld(['p1'])
  await notes.createNote(ADMIN, CREATION)
  const cases: readonly (readonly [object, string, string])[] = [
    [{ parent: 'p1' }, 'INVALID_ARGUMENT', 'project name must be in the form "projects/[PROJECT_ID]", got "p1"'],
    [{ noteId: '' }, 'INVALID_ARGUMENT', 'a noteId must be specified'],
    [{ noteId: 'a/b' }, 'INVALID_ARGUMENT', 'a noteId must not contain /'],
    [{ note: undefined }, 'INVALID_ARGUMENT', 'a note must be specified'],
    [{ note: {} }, 'INVALID_ARGUMENT', 'note is invalid: [type is required]'],
    [{ note: { attestation: { hint: {} } } }, 'INVALID_ARGUMENT', 'note is invalid: [attestation_authority.hint.human_readable_name is required]'],
    [{}, 'ALREADY_EXISTS', 'note ID "qa" already exists in project "p1"'],
    [
      { note: { image: {} } },
      'UNIMPLEMENTED',
      'Notes and occurrences of kind IMAGE are not kept by this server, expected one of ATTESTATION, VULNERABILITY, DISCOVERY, PACKAGE, BUILD, SBOM_REFERENCE, VULNERABILITY_ASSESSMENT',
    ],
    [
      { parent: 'projects/p2' },
      'NOT_FOUND',
      'Requested entity was not found: project "p2" does not exist, create it with: countersign projects create p2',
    ],
  ]
  for (const [change, code, message] of cases)
    assert.deepEqual(await refusalOf(notes.createNote(ADMIN, { ...CREATION, ...change })), { code, message })
})

test('access is judged after the name and before anything else', async () => {
  const { notes } = await makeMetadataWorld(['p1'])
  const viewer = callerOf('viewer', 'p1')
  assert.equal((await refusalOf(notes.createNote(viewer, { ...CREATION, noteId: '', note: 1 }))).code, 'PERMISSION_DENIED')
  assert.equal((await refusalOf(notes.createNote(viewer, { ...CREATION, parent: 'x' }))).code, 'INVALID_ARGUMENT')
  assert.equal((await refusalOf(notes.getNote(callerOf('admin', 'p12'), NAME))).code, 'PERMISSION_DENIED')
})

test('updateNote() writes what the mask names and keeps the rest', async () => {
  const { notes } = await makeMetadataWorld(['p1'])
  const before = await notes.createNote(ADMIN, { ...CREATION, note: { ...ATTESTATION_NOTE, shortDescription: 's', longDescription: 'l' } })
  const change = { note: { shortDescription: 'new', longDescription: 'ignored' }, mask: ['short_description'] }
  const after = await notes.updateNote(ADMIN, NAME, change)
  assert.deepEqual({ ...after, updateTime: '' }, { ...before, shortDescription: 'new', updateTime: '' })
  const cleared = await notes.updateNote(ADMIN, NAME, { note: {}, mask: ['shortDescription'] })
  assert.equal('shortDescription' in cleared, false)
  assert.equal(cleared['createTime'], before['createTime'])
})

test('updateNote() refuses a mask that names what cannot be written, and a change that takes the type away', async () => {
  const { notes } = await makeMetadataWorld(['p1'])
  await notes.createNote(ADMIN, CREATION)
  for (const mask of [['name'], ['create_time'], ['kind'], ['foo']]) {
    assert.equal((await refusalOf(notes.updateNote(ADMIN, NAME, { note: { name: 'x' }, mask }))).code, 'INVALID_ARGUMENT')
  }
  assert.equal((await refusalOf(notes.updateNote(ADMIN, NAME, { note: {}, mask: ['attestation'] }))).message, 'note is invalid: [type is required]')
})

test('batchCreateNotes() makes all or none', async () => {
  const { notes, store } = await makeMetadataWorld(['p1'])
  const before = await store.feed.head()
  const invalid = await refusalOf(notes.batchCreateNotes(ADMIN, 'projects/p1', { a: ATTESTATION_NOTE, b: {} }))
  assert.deepEqual(invalid, {
    code: 'INVALID_ARGUMENT',
    message: 'one or more notes are invalid, no notes were created: [notes["b"]: type is required]',
  })
  await notes.createNote(ADMIN, CREATION)
  assert.equal((await refusalOf(notes.batchCreateNotes(ADMIN, 'projects/p1', { a: ATTESTATION_NOTE, qa: ATTESTATION_NOTE }))).code, 'ALREADY_EXISTS')
  assert.equal((await refusalOf(notes.getNote(ADMIN, 'projects/p1/notes/a'))).code, 'NOT_FOUND')
  assert.equal((await notes.batchCreateNotes(ADMIN, 'projects/p1', { a: ATTESTATION_NOTE, b: ATTESTATION_NOTE })).length, 2)
  assert.equal(await store.feed.head(), before + 3)
})

test('deleteNote() deletes once', async () => {
  const { notes } = await makeMetadataWorld(['p1'])
  await notes.createNote(ADMIN, CREATION)
  await notes.deleteNote(ADMIN, NAME)
  assert.equal((await refusalOf(notes.deleteNote(ADMIN, NAME))).code, 'NOT_FOUND')
})
