import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ADMIN, callerOf } from '../testing/callers.ts'
import { ATTESTATION_NOTE, attestationOf, DIGEST, makeMetadataWorld } from '../testing/metadata-world.ts'
import type { MetadataWorld } from '../testing/metadata-world.ts'
import { refusalOf } from '../testing/thrown.ts'
import type { AttestationWeight } from './ports.ts'

const NOTE = 'projects/p1/notes/qa'

async function arrange(limits?: { readonly maxPerDigest: AttestationWeight }): Promise<MetadataWorld> {
  const world = await makeMetadataWorld(['p1', 'p12', 'p2'], limits)
  await world.notes.createNote(ADMIN, { parent: 'projects/p1', noteId: 'qa', note: ATTESTATION_NOTE })
  return world
}

test('createOccurrence() gives a UUID, kind and times, and a feed row with note and digest', async () => {
  const { occurrences, store } = await arrange()
  const created = await occurrences.createOccurrence(ADMIN, 'projects/p2', attestationOf(NOTE))
  assert.match(String(created['name']), /^projects\/p2\/occurrences\/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.equal(created['kind'], 'ATTESTATION')
  assert.deepEqual(await occurrences.getOccurrence(callerOf('viewer', 'p2'), String(created['name'])), created)
  const [row] = (await store.feed.after(0, 100)).slice(-1)
  assert.deepEqual([row?.kind, row?.operation, row?.project, row?.note, row?.digest], ['ATTESTATION', 'CREATE', 'p2', NOTE, DIGEST])
  const [record] = store.records().slice(-1)
  assert.deepEqual(
    record?.permissions.map(({ permission, resource }) => [permission, resource]),
    [
      ['containeranalysis.occurrences.create', 'projects/p2'],
      ['containeranalysis.notes.attachOccurrence', NOTE],
    ],
  )
})

test('§4.6: createOccurrence() refuses in the reference server’s words and order', async () => {
  const { occurrences } = await arrange()
  const nameError = 'note name must be in the form "projects/[PROJECT_ID]/notes/[NOTE_ID]", got ""'
  const cases: readonly (readonly [unknown, string, string])[] = [
    [undefined, 'INVALID_ARGUMENT', 'an occurrence must be specified'],
    [{ resourceUri: 'x' }, 'INVALID_ARGUMENT', nameError],
    [{ noteName: NOTE }, 'INVALID_ARGUMENT', 'occurrence is invalid: [resource_uri is required details is required]'],
    [
      attestationOf(NOTE, { attestation: { signatures: [{}] } }),
      'INVALID_ARGUMENT',
      'occurrence is invalid: [attestation.one of "serialized payload" or "jwts" is required attestation.signatures.public key ID is required attestation.signatures.signature is required]',
    ],
    [
      attestationOf('projects/p1/notes/absent'),
      'NOT_FOUND',
      'Requested entity was not found: note "projects/p1/notes/absent" does not exist, create it first',
    ],
    [
      { noteName: NOTE, resourceUri: 'x', image: {} },
      'UNIMPLEMENTED',
      'Notes and occurrences of kind IMAGE are not kept by this server, expected one of ATTESTATION, VULNERABILITY, DISCOVERY, PACKAGE, BUILD, SBOM_REFERENCE, VULNERABILITY_ASSESSMENT',
    ],
  ]
  for (const [sent, code, message] of cases)
    assert.deepEqual(await refusalOf(occurrences.createOccurrence(ADMIN, 'projects/p1', sent)), { code, message })
})

test('a kritis PGP attestation may leave the payload to the signature', async () => {
  const { occurrences } = await arrange()
  const signature = { publicKeyId: 'A'.repeat(40), signature: Buffer.from('-----BEGIN PGP MESSAGE-----\n').toString('base64') }
  const created = await occurrences.createOccurrence(ADMIN, 'projects/p1', attestationOf(NOTE, { attestation: { signatures: [signature] } }))
  assert.equal(created['kind'], 'ATTESTATION')
})

test('§3.4: an identical attestation conflicts; another signature, resource or note does not', async () => {
  const { occurrences, notes } = await arrange()
  await notes.createNote(ADMIN, { parent: 'projects/p1', noteId: 'other', note: ATTESTATION_NOTE })
  const first = await occurrences.createOccurrence(ADMIN, 'projects/p1', attestationOf(NOTE))
  const id = String(first['name']).split('/')[3]
  assert.deepEqual(await refusalOf(occurrences.createOccurrence(ADMIN, 'projects/p1', attestationOf(NOTE))), {
    code: 'ALREADY_EXISTS',
    message: `occurrence ID "${id}" already exists in project "p1"`,
  })
  await occurrences.createOccurrence(ADMIN, 'projects/p1', attestationOf(NOTE, { resourceUri: `registry.example/app@${DIGEST}` }))
  await occurrences.createOccurrence(ADMIN, 'projects/p1', attestationOf('projects/p1/notes/other'))
})

test('a twin in another project conflicts too, and its id stays there', async () => {
  const { occurrences } = await arrange()
  await occurrences.createOccurrence(ADMIN, 'projects/p1', attestationOf(NOTE))
  assert.deepEqual(await refusalOf(occurrences.createOccurrence(ADMIN, 'projects/p2', attestationOf(NOTE))), {
    code: 'ALREADY_EXISTS',
    message: `an identical occurrence already hangs on note "${NOTE}"`,
  })
})

test('of two identical attestations at once exactly one is made', async () => {
  const { occurrences } = await arrange()
  const both = await Promise.allSettled([1, 2].map(() => occurrences.createOccurrence(ADMIN, 'projects/p1', attestationOf(NOTE))))
  assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
})

test('attaching needs the right on that note', async () => {
  const { occurrences } = await arrange()
  const attestor = callerOf('attestor', 'p2', [NOTE])
  assert.equal((await occurrences.createOccurrence(attestor, 'projects/p2', attestationOf(NOTE)))['kind'], 'ATTESTATION')
  assert.deepEqual(
    await refusalOf(occurrences.createOccurrence(callerOf('attestor', 'p1', ['projects/p1/notes/qa2']), 'projects/p1', attestationOf(NOTE))),
    {
      code: 'PERMISSION_DENIED',
      message: 'permission "containeranalysis.notes.attachOccurrence" denied for project "p1", entity ID "qa"',
    },
  )
  assert.equal((await refusalOf(occurrences.createOccurrence(attestor, 'projects/p1', attestationOf(NOTE)))).code, 'PERMISSION_DENIED')
})

test('a right on a note does not pass to one that is created again under its name', async () => {
  const { occurrences, notes, surroundings } = await arrange()
  const attestor = { ...callerOf('attestor', 'p1', [NOTE]), grantedAt: surroundings.timestamp() }
  await occurrences.createOccurrence(attestor, 'projects/p1', attestationOf(NOTE))
  await notes.deleteNote(ADMIN, NOTE)
  await notes.createNote(ADMIN, { parent: 'projects/p1', noteId: 'qa', note: ATTESTATION_NOTE })
  assert.equal((await refusalOf(occurrences.createOccurrence(attestor, 'projects/p1', attestationOf(NOTE)))).code, 'PERMISSION_DENIED')
})

test('attestations of one note and digest are bounded, batches included', async () => {
  const { occurrences } = await arrange({ maxPerDigest: { count: 8, bytes: 1_000_000 } })
  const make = (id: number) => attestationOf(NOTE, { resourceUri: `r${id}.example/app@${DIGEST}` })
  await occurrences.createOccurrence(ADMIN, 'projects/p1', make(1))
  const refused = await refusalOf(occurrences.batchCreateOccurrences(ADMIN, 'projects/p1', [make(2), make(3)]))
  assert.equal(refused.code, 'RESOURCE_EXHAUSTED')
  assert.equal((await occurrences.batchCreateOccurrences(ADMIN, 'projects/p1', [make(2)])).length, 1)
  await occurrences.createOccurrence(ADMIN, 'projects/p1', attestationOf(NOTE, { resourceUri: `r.example/app@sha256:${'cd'.repeat(32)}` }))
})

test('DESIGN §8: who floods a digest fills a quarter of its room, and never crowds out another', async () => {
  const { occurrences } = await arrange({ maxPerDigest: { count: 8, bytes: 1_000_000 } })
  const attach = (principal: string, id: number) =>
    occurrences.createOccurrence(
      { ...ADMIN, principal },
      'projects/p1',
      attestationOf(NOTE, { resourceUri: `${principal}-${id}.example/app@${DIGEST}` }),
    )
  for (const writer of ['a', 'b', 'c']) for (const id of [1, 2]) await attach(writer, id)
  assert.deepEqual(await refusalOf(attach('a', 3)).then(({ code, message }) => [code, message.includes('that you wrote')]), [
    'RESOURCE_EXHAUSTED',
    true,
  ])
  const { name } = await attach('good', 1)
  const taken = { occurrence: { remediation: 'x' }, mask: ['remediation'] }
  assert.equal((await refusalOf(occurrences.updateOccurrence({ ...ADMIN, principal: 'a' }, String(name), taken))).code, 'RESOURCE_EXHAUSTED')
  await attach('good', 2)
  assert.match((await refusalOf(attach('late', 1))).message, /8 attestations with \d+ bytes of sha256:[0-9a-f]+ hang on it/)
})

test('attestations of one note and digest are bounded in length together, updates included', async () => {
  const { occurrences } = await arrange({ maxPerDigest: { count: 100, bytes: 8_000 } })
  const make = (id: number) => attestationOf(NOTE, { resourceUri: `r${id}.example/app@${DIGEST}`, remediation: 'x'.repeat(800) })
  const { name } = await occurrences.createOccurrence(ADMIN, 'projects/p1', make(1))
  assert.equal((await refusalOf(occurrences.createOccurrence(ADMIN, 'projects/p1', make(2)))).code, 'RESOURCE_EXHAUSTED')
  const update = (length: number) =>
    occurrences.updateOccurrence(ADMIN, String(name), { occurrence: { remediation: 'x'.repeat(length) }, mask: ['remediation'] })
  assert.equal((await update(900))['remediation'], 'x'.repeat(900))
  assert.equal((await refusalOf(update(2_000))).code, 'RESOURCE_EXHAUSTED')
  assert.equal((await refusalOf(update(600_000))).code, 'INVALID_ARGUMENT')
})

test('batchCreateOccurrences() tells all that is wrong and makes none', async () => {
  const { occurrences, store } = await arrange()
  const before = await store.feed.head()
  const refused = await refusalOf(
    occurrences.batchCreateOccurrences(ADMIN, 'projects/p1', [attestationOf(NOTE), { noteName: NOTE, resourceUri: 'x' }]),
  )
  assert.equal(refused.message, 'one or more occurrences are invalid, no occurrences were created: [occurrences[1]: details is required]')
  const denied = await refusalOf(occurrences.batchCreateOccurrences(callerOf('attestor', 'p1'), 'projects/p1', [attestationOf(NOTE)]))
  assert.deepEqual(denied, { code: 'PERMISSION_DENIED', message: `one or more occurrences had auth errors, no occurrences were created: [${NOTE}]` })
  assert.equal(await store.feed.head(), before)
})

test('sizes are bounded', async () => {
  const { occurrences } = await arrange()
  const payload = attestationOf(NOTE, { attestation: { serializedPayload: Buffer.alloc(65_537).toString('base64') } })
  assert.match(
    (await refusalOf(occurrences.createOccurrence(ADMIN, 'projects/p1', payload))).message,
    /serialized_payload has 65537 bytes, expected at most 65536/,
  )
  const uri = attestationOf(NOTE, { resourceUri: 'x'.repeat(2049) })
  assert.match((await refusalOf(occurrences.createOccurrence(ADMIN, 'projects/p1', uri))).message, /resource_uri has 2049 characters/)
})

test('updateOccurrence() never changes note, resource or bytes, and says which would', async () => {
  const { occurrences } = await arrange()
  const created = await occurrences.createOccurrence(ADMIN, 'projects/p1', attestationOf(NOTE))
  const name = String(created['name'])
  const refused = await refusalOf(
    occurrences.updateOccurrence(ADMIN, name, { occurrence: { ...created, resourceUri: 'other', attestation: {} }, mask: [] }),
  )
  assert.deepEqual(refused, {
    code: 'INVALID_ARGUMENT',
    message: `Cannot update occurrence "${name}": resourceUri, attestation cannot change, create another occurrence`,
  })
  assert.equal((await refusalOf(occurrences.updateOccurrence(ADMIN, name, { occurrence: {}, mask: ['note_name'] }))).code, 'INVALID_ARGUMENT')
  const updated = await occurrences.updateOccurrence(ADMIN, name, { occurrence: { ...created, remediation: 'rebuild' }, mask: [] })
  assert.deepEqual({ ...updated, updateTime: '' }, { ...created, remediation: 'rebuild', updateTime: '' })
})

test('§4.7: reading or deleting through another project finds nothing and moves nothing', async () => {
  const { occurrences } = await arrange()
  const created = await occurrences.createOccurrence(ADMIN, 'projects/p1', attestationOf(NOTE))
  const name = String(created['name'])
  for (const other of ['p2', 'p12']) {
    const foreign = name.replace('projects/p1/', `projects/${other}/`)
    assert.equal((await refusalOf(occurrences.getOccurrence(ADMIN, foreign))).code, 'NOT_FOUND')
    assert.equal((await refusalOf(occurrences.deleteOccurrence(ADMIN, foreign))).code, 'NOT_FOUND')
  }
  assert.deepEqual(await occurrences.getOccurrence(ADMIN, name), created)
})

test('getOccurrenceNote() gives the note it hangs on, and not one that was created again', async () => {
  const { occurrences, notes } = await arrange()
  const name = String((await occurrences.createOccurrence(ADMIN, 'projects/p1', attestationOf(NOTE)))['name'])
  assert.deepEqual(await occurrences.getOccurrenceNote(ADMIN, name), await notes.getNote(ADMIN, NOTE))
  await notes.deleteNote(ADMIN, NOTE)
  await notes.createNote(ADMIN, { parent: 'projects/p1', noteId: 'qa', note: ATTESTATION_NOTE })
  assert.equal((await refusalOf(occurrences.getOccurrenceNote(ADMIN, name))).code, 'NOT_FOUND')
})

test('deleteOccurrence() needs the right on the note, as long as there is one', async () => {
  const { occurrences, notes } = await arrange()
  const name = String((await occurrences.createOccurrence(ADMIN, 'projects/p1', attestationOf(NOTE)))['name'])
  const attestor = callerOf('attestor', 'p1', ['projects/p1/notes/other'])
  assert.equal((await refusalOf(occurrences.deleteOccurrence(attestor, name))).code, 'PERMISSION_DENIED')
  await notes.deleteNote(ADMIN, NOTE)
  await occurrences.deleteOccurrence(attestor, name)
  assert.equal((await refusalOf(occurrences.getOccurrence(ADMIN, name))).code, 'NOT_FOUND')
})

test('where the note of a finding is gone, who may attach to other notes cannot take it away: a signer reads it all the same', async () => {
  const { notes, occurrences } = await arrange()
  const cve = 'projects/p1/notes/CVE-1'
  await notes.createNote(ADMIN, { parent: 'projects/p1', noteId: 'CVE-1', note: { vulnerability: { severity: 'CRITICAL' } } })
  const packageIssue = [
    { affectedCpeUri: 'c', affectedPackage: 'zlib', affectedVersion: { kind: 'NORMAL', name: '1' }, fixedVersion: { kind: 'MAXIMUM' } },
  ]
  const found = { resourceUri: `https://r.example/a@${DIGEST}`, noteName: cve, vulnerability: { effectiveSeverity: 'CRITICAL', packageIssue } }
  const name = String((await occurrences.createOccurrence(ADMIN, 'projects/p1', found))['name'])
  await notes.deleteNote(ADMIN, cve)
  const attestor = callerOf('attestor', 'p1', [NOTE])
  assert.equal((await refusalOf(occurrences.deleteOccurrence(attestor, name))).code, 'PERMISSION_DENIED')
  const change = { occurrence: { vulnerability: { effectiveSeverity: 'LOW', packageIssue } }, mask: ['vulnerability'] }
  assert.equal((await refusalOf(occurrences.updateOccurrence(attestor, name, change))).code, 'PERMISSION_DENIED')
  await occurrences.deleteOccurrence(callerOf('attestor', 'p1', [cve]), name)
})
