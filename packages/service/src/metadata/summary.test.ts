import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ADMIN, callerOf } from '../testing/callers.ts'
import { DIGEST, makeMetadataWorld } from '../testing/metadata-world.ts'
import { refusalOf } from '../testing/thrown.ts'
import { makeSummary } from './summary.ts'

const URI = `https://registry.example/app@${DIGEST}`
const NOTE = 'projects/p1/notes/CVE-1'

function issue(fixedVersion: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const fixed = { fixedCpeUri: 'c', fixedPackage: 'p', fixedVersion }
  return { affectedCpeUri: 'c', affectedPackage: 'p', affectedVersion: { kind: 'NORMAL', name: '1' }, ...fixed }
}
const FIXED = issue({ kind: 'NORMAL', name: '2' })
const UNFIXED = issue({ kind: 'MAXIMUM' })

async function arrange(maxOccurrences = 1000) {
  const { store, notes, occurrences } = await makeMetadataWorld(['p1', 'p12'])
  await notes.createNote(ADMIN, { parent: 'projects/p1', noteId: 'CVE-1', note: { vulnerability: {} } })
  const find = async (effectiveSeverity: string, packageIssue: readonly unknown[], resourceUri = URI): Promise<void> => {
    const occurrence = { noteName: NOTE, resourceUri, vulnerability: { effectiveSeverity, packageIssue } }
    await occurrences.createOccurrence(ADMIN, 'projects/p1', occurrence)
  }
  await find('HIGH', [UNFIXED])
  await find('HIGH', [UNFIXED, FIXED])
  await find('LOW', [FIXED])
  await find('SEVERITY_UNSPECIFIED', [UNFIXED])
  await find('CRITICAL', [UNFIXED], 'https://registry.example/other')
  return makeSummary({ changes: store.changes, maxOccurrences })
}

const rows = (uri: string, counts: readonly (readonly [string, number, number])[]) =>
  counts.map(([severity, fixableCount, totalCount]) => ({ resourceUri: uri, severity, fixableCount, totalCount }))

test('§4.2: counts by resource and effective severity, the total as unspecified', async () => {
  const summarize = await arrange()
  const app = rows(URI, [
    ['SEVERITY_UNSPECIFIED', 2, 4],
    ['LOW', 1, 1],
    ['HIGH', 1, 2],
  ])
  const other = rows('https://registry.example/other', [
    ['SEVERITY_UNSPECIFIED', 0, 1],
    ['CRITICAL', 0, 1],
  ])
  assert.deepEqual(await summarize(callerOf('viewer', 'p1'), 'projects/p1', ''), [...app, ...other])
  assert.deepEqual(await summarize(ADMIN, 'projects/p1', `resourceUrl="${URI}" AND kind="PACKAGE_VULNERABILITY"`), app)
  assert.deepEqual(await summarize(ADMIN, 'projects/p1', 'kind="DISCOVERY"'), [])
  assert.deepEqual(await summarize(ADMIN, 'projects/p12', ''), [])
})

test('refuses what it may not, cannot and will not count', async () => {
  const summarize = await arrange(4)
  assert.equal((await refusalOf(summarize(callerOf('viewer', 'p12'), 'projects/p1', ''))).code, 'PERMISSION_DENIED')
  assert.equal((await refusalOf(summarize(ADMIN, 'projects/p9', ''))).code, 'NOT_FOUND')
  assert.equal((await refusalOf(summarize(ADMIN, 'projects/p1', '(('))).code, 'INVALID_ARGUMENT')
  assert.equal((await refusalOf(summarize(ADMIN, 'projects/p1', ''))).code, 'RESOURCE_EXHAUSTED')
  assert.equal((await summarize(ADMIN, 'projects/p1', `resourceUrl="${URI}"`)).length, 3)
})
