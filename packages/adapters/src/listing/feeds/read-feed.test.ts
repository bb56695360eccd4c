import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { makeZip } from '../testing/make-zip.ts'
import { readFeed } from './read-feed.ts'

const record = (id: string) => JSON.stringify({ id, modified: '2026-01-01T00:00:00Z', affected: [] })

function folderOf(t: TestContext, files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'feed-'))
  t.after(() => rmSync(folder, { recursive: true }))
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
  return folder
}

async function idsOf(path: string): Promise<readonly string[]> {
  return (await Array.fromAsync(readFeed(path))).map(({ id }) => id)
}

test('readFeed() reads a folder of all that it knows, told apart by content', async (t) => {
  const folder = folderOf(t, {
    'a.json': record('OSV-1'),
    'b/c.jsonl': `${record('OSV-2')}\n\n${record('OSV-3')}\n`,
    'd.zip': makeZip({ 'x/OSV-4.json': record('OSV-4'), 'README.md': 'no record' }),
    'e.json': JSON.stringify({ openssl: { 'CVE-2026-1': { releases: { bookworm: { status: 'resolved', fixed_version: '3.0.9-1' } } } } }),
    'f.json': JSON.stringify({ distroversion: 'v3.19', packages: [{ pkg: { name: 'zlib', secfixes: { '1.3-r1': ['CVE-2026-2'] } } }] }),
    'notes.txt': 'not a feed',
  })
  assert.deepEqual(await idsOf(folder), ['OSV-1', 'OSV-2', 'OSV-3', 'OSV-4', 'CVE-2026-1', 'CVE-2026-2'])
})

test('readFeed() reads real records', async () => {
  assert.equal((await idsOf(fileURLToPath(new URL('../../../../../vectors/advisories/go-vulndb.osv.jsonl', import.meta.url)))).length, 176)
})

for (const [what, files, message] of [
  ['is no JSON', { 'a.json': '{' }, /a\.json": it is no JSON/],
  ['is no feed', { 'a.json': '{"a": 1}' }, /a: Expected an object of vulnerabilities/],
  ['is broken in one line', { 'a.jsonl': `${record('A')}\n{"id": "B"}` }, /a\.jsonl:2": modified/],
  ['is no zip', { 'a.zip': 'PK' }, /a zip archive has no end/],
] as const) {
  test(`readFeed() names what ${what}`, async (t) => {
    await assert.rejects(idsOf(folderOf(t, files)), message)
  })
}

test('readFeed() says that there is nothing', async () => {
  await assert.rejects(idsOf('/nowhere'), { code: 'NOT_FOUND' })
})
