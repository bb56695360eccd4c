import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ADMIN, callerOf } from '../testing/callers.ts'
import { ATTESTATION_NOTE, attestationOf, DIGEST, makeMetadataWorld } from '../testing/metadata-world.ts'
import { refusalOf } from '../testing/thrown.ts'
import { makeMetadataLists } from './lists.ts'
import type { Message } from './message.ts'

const URI = `https://registry.example/app@${DIGEST}`
const SCAN = 'projects/goog-analysis/notes/PACKAGE_VULNERABILITY'
const CVE = 'projects/goog-vulnz/notes/CVE-2021-44228'

const NOTES: Readonly<Record<string, Message>> = {
  VULNERABILITY: { vulnerability: { severity: 'CRITICAL' } },
  DISCOVERY: { discovery: { analysisKind: 'VULNERABILITY' } },
  PACKAGE: { package: { name: 'zlib' } },
  BUILD: { build: { builderVersion: '1' } },
  SBOM_REFERENCE: { sbomReference: { format: 'spdx', version: '2.3' } },
  VULNERABILITY_ASSESSMENT: { vulnerabilityAssessment: { title: 't', assessment: { vulnerabilityId: 'CVE-1', state: 'NOT_AFFECTED' } } },
}

const ISSUE = { affectedCpeUri: 'c', affectedPackage: 'zlib', affectedVersion: { kind: 'NORMAL', name: '1' }, fixedVersion: { kind: 'MAXIMUM' } }
const DETAILS: Readonly<Record<string, Message>> = {
  VULNERABILITY: { vulnerability: { effectiveSeverity: 'HIGH', packageIssue: [ISSUE] } },
  DISCOVERY: { discovery: { analysisStatus: 'SCANNING', continuousAnalysis: 'ACTIVE' } },
  PACKAGE: { package: { location: [{ cpeUri: 'c' }] } },
  BUILD: { build: { provenance: { id: 'b' } }, envelope: { payload: 'e30=' } },
  SBOM_REFERENCE: { sbomReference: { payloadType: 't' } },
}

async function arrange() {
  const world = await makeMetadataWorld(['p1', 'goog-analysis', 'goog-vulnz'])
  await world.notes.createNote(ADMIN, { parent: 'projects/goog-analysis', noteId: 'PACKAGE_VULNERABILITY', note: NOTES['DISCOVERY'] })
  await world.notes.createNote(ADMIN, { parent: 'projects/goog-vulnz', noteId: 'CVE-2021-44228', note: NOTES['VULNERABILITY'] })
  const attach = async (noteName: string, details: Message | undefined, resourceUri = URI): Promise<Message> =>
    await world.occurrences.createOccurrence(ADMIN, 'projects/p1', { noteName, resourceUri, ...details })
  return { ...world, attach, lists: makeMetadataLists({ changes: world.store.changes, pageTokens: world.pageTokens }) }
}

for (const [kind, note] of Object.entries(NOTES)) {
  test(`§4.3: a note of kind ${kind} and what hangs on it come back as they were sent`, async () => {
    const { notes, attach, occurrences, lists } = await arrange()
    const created = await notes.createNote(ADMIN, { parent: 'projects/p1', noteId: 'n', note })
    assert.deepEqual(await notes.getNote(ADMIN, 'projects/p1/notes/n'), created)
    assert.deepEqual({ ...created, createTime: '', updateTime: '' }, { name: 'projects/p1/notes/n', kind, ...note, createTime: '', updateTime: '' })
    const details = DETAILS[kind]
    if (details === undefined) return
    const occurrence = await attach('projects/p1/notes/n', details)
    assert.deepEqual(await occurrences.getOccurrence(ADMIN, String(occurrence['name'])), occurrence)
    assert.deepEqual([occurrence['kind'], ...Object.keys(details).map((member) => occurrence[member])], [kind, ...Object.values(details)])
    assert.deepEqual((await lists.listOccurrences(ADMIN, 'projects/p1', { filter: `kind="${kind}"` })).occurrences, [occurrence])
  })
}

test('a note and what hangs on it are of one kind', async () => {
  const { attach, notes } = await arrange()
  await notes.createNote(ADMIN, { parent: 'projects/p1', noteId: 'qa', note: ATTESTATION_NOTE })
  assert.deepEqual(await refusalOf(attach('projects/p1/notes/qa', DETAILS['DISCOVERY'])), {
    code: 'INVALID_ARGUMENT',
    message: 'occurrence is invalid: [its details are of kind DISCOVERY, note "projects/p1/notes/qa" is of kind ATTESTATION]',
  })
  assert.equal((await refusalOf(attach(SCAN, attestationOf(SCAN)))).code, 'INVALID_ARGUMENT')
  assert.equal((await refusalOf(attach('projects/p1/notes/absent', DETAILS['DISCOVERY']))).code, 'NOT_FOUND')
})

test('§4.8: what kritis asks for finds the scan and its findings', async () => {
  const { attach, lists } = await arrange()
  const scan = await attach(SCAN, DETAILS['DISCOVERY'])
  const finding = await attach(CVE, DETAILS['VULNERABILITY'])
  await attach(SCAN, DETAILS['DISCOVERY'], `https://registry.example/other@${DIGEST}`)
  const find = async (filter: string) => (await lists.listOccurrences(callerOf('viewer', 'p1'), 'projects/p1', { filter })).occurrences
  const bare = URI.replace('https://', '')
  for (const uri of [URI, bare]) {
    assert.deepEqual(await find(`resourceUrl="${uri}" AND noteProjectId="goog-analysis" AND noteId="PACKAGE_VULNERABILITY"`), [scan])
    for (const kind of ['PACKAGE_VULNERABILITY', 'VULNERABILITY']) {
      assert.deepEqual(await find(`resourceUrl="${uri}" AND kind="${kind}"`), [finding])
      assert.deepEqual(await find(`resource_url="${uri}" AND kind="${kind}"`), [finding])
    }
  }
  assert.deepEqual(await find(`kind="DISCOVERY" AND resourceUrl="${URI}"`), [scan])
  assert.deepEqual(await lists.listNoteOccurrences(ADMIN, 'projects/goog-analysis/notes/absent', {}), { occurrences: [], nextPageToken: '' })
})

test('DESIGN §13: all may read the scanners’ notes, who is bound to another project may not write them', async () => {
  const { notes, occurrences } = await arrange()
  const admin = callerOf('admin', 'p1')
  assert.equal((await notes.getNote(callerOf('viewer', 'p1'), CVE))['kind'], 'VULNERABILITY')
  assert.equal((await refusalOf(notes.updateNote(admin, CVE, { note: {}, mask: ['short_description'] }))).code, 'PERMISSION_DENIED')
  const clean = { noteName: SCAN, resourceUri: URI, discovery: { analysisStatus: 'FINISHED_SUCCESS' } }
  assert.equal((await refusalOf(occurrences.createOccurrence(admin, 'projects/p1', clean))).code, 'PERMISSION_DENIED')
})

test('other kinds than attestations may repeat, and no bound of attestations counts them', async () => {
  const world = await makeMetadataWorld(['p1'], { maxPerDigest: { count: 1, bytes: 10_000 } })
  await world.notes.createNote(ADMIN, { parent: 'projects/p1', noteId: 'scan', note: NOTES['DISCOVERY'] })
  const scan = { noteName: 'projects/p1/notes/scan', resourceUri: URI, ...DETAILS['DISCOVERY'] }
  const names = [1, 2, 3].map(async () => (await world.occurrences.createOccurrence(ADMIN, 'projects/p1', scan))['name'])
  assert.equal(new Set(await Promise.all(names)).size, 3)
})

test('the feed tells of other kinds as OCCURRENCE, which no gate follows', async () => {
  const { attach, store } = await arrange()
  const { name } = await attach(SCAN, DETAILS['DISCOVERY'])
  const [row] = (await store.feed.after(0, 100)).slice(-1)
  assert.deepEqual([row?.kind, row?.operation, row?.name, row?.note, row?.digest], ['OCCURRENCE', 'CREATE', name, SCAN, DIGEST])
})

test('§5.1: a scanner updates its status by mask and leaves the rest', async () => {
  const { attach, occurrences } = await arrange()
  const created = await attach(SCAN, DETAILS['DISCOVERY'])
  const name = String(created['name'])
  const body = { discovery: { analysisStatus: 'FINISHED_SUCCESS', cpe: 'ignored' } }
  const updated = await occurrences.updateOccurrence(ADMIN, name, { occurrence: body, mask: ['discovery.analysis_status'] })
  assert.deepEqual(updated['discovery'], { analysisStatus: 'FINISHED_SUCCESS', continuousAnalysis: 'ACTIVE' })
  const cleared = await occurrences.updateOccurrence(ADMIN, name, { occurrence: {}, mask: ['discovery.continuousAnalysis'] })
  assert.deepEqual(cleared['discovery'], { analysisStatus: 'FINISHED_SUCCESS' })
  const whole = await occurrences.updateOccurrence(ADMIN, name, { occurrence: { discovery: { analysisStatus: 'PENDING' } }, mask: [] })
  assert.deepEqual({ ...whole, updateTime: '' }, { ...created, discovery: { analysisStatus: 'PENDING' }, updateTime: '' })
})

test('an update is held to the rules of its kind, and never changes kind, note or resource', async () => {
  const { attach, occurrences, notes } = await arrange()
  const { name } = await attach(CVE, DETAILS['VULNERABILITY'])
  const update = (occurrence: Message, mask: readonly string[]) => refusalOf(occurrences.updateOccurrence(ADMIN, String(name), { occurrence, mask }))
  const changed = (members: string) => `Cannot update occurrence "${String(name)}": ${members} cannot change, create another occurrence`
  assert.equal((await update({ vulnerability: {} }, ['vulnerability'])).message, 'occurrence is invalid: [vulnerability.package_issue is required]')
  assert.equal((await update({ discovery: {} }, [])).message, changed('discovery'))
  assert.equal((await update({ resourceUri: 'x', noteName: SCAN }, [])).message, changed('noteName, resourceUri'))
  assert.match((await update({}, ['vulnerability.package_issue.affected_package'])).message, /"packageIssue" is a list/)
  const note = await refusalOf(notes.updateNote(ADMIN, CVE, { note: { discovery: {} }, mask: ['discovery'] }))
  assert.equal(note.message, `Cannot update note "${CVE}": discovery cannot change, create another note`)
})

test('signed statements never change', async () => {
  const { attach, occurrences, notes } = await arrange()
  for (const kind of ['BUILD', 'SBOM_REFERENCE']) {
    await notes.createNote(ADMIN, { parent: 'projects/p1', noteId: kind, note: NOTES[kind] })
    const { name } = await attach(`projects/p1/notes/${kind}`, DETAILS[kind])
    const [member = ''] = Object.keys(DETAILS[kind] ?? {})
    const refused = await refusalOf(occurrences.updateOccurrence(ADMIN, String(name), { occurrence: { [member]: {} }, mask: [member] }))
    assert.equal(refused.message, `Cannot update occurrence "${String(name)}": ${member} cannot change, create another occurrence`)
  }
})

test('a mask of hostile depth or name is refused', async () => {
  const { attach, occurrences } = await arrange()
  const { name } = await attach(SCAN, DETAILS['DISCOVERY'])
  for (const mask of ['discovery'.concat('.a'.repeat(100_000)), '__proto__.polluted', 'constructor', '']) {
    const refused = await refusalOf(occurrences.updateOccurrence(ADMIN, String(name), { occurrence: {}, mask: [mask] }))
    assert.equal(refused.code, 'INVALID_ARGUMENT')
  }
})
