import assert from 'node:assert/strict'
import { afterEach, beforeEach, suite, test } from 'node:test'
import type { OccurrenceQuery, StoredOccurrence } from '../metadata/ports.ts'
import { type ContractStore, DIGEST, LATER, note, occurrence, OTHER_DIGEST, project, readAll } from './contract-store.ts'
import { refusalOf } from './thrown.ts'

const NOTE = note('projects/p1/notes/n')
const named = (id: string, over: Partial<StoredOccurrence> = {}): StoredOccurrence => occurrence(`projects/p1/occurrences/${id}`, NOTE, over)

/** What every store promises of notes and occurrences. */
export function metadataContract(name: string, open: () => Promise<ContractStore>): void {
  suite(`${name}: metadata`, () => {
    let store: ContractStore
    beforeEach(async () => {
      store = await open()
      await store.changes.commit(async (tables) => {
        for (const id of ['p1', 'p2']) await tables.insertProject(project(id))
        await tables.insertNote(NOTE)
      })
    })
    afterEach(() => store.close())

    const insert = (...rows: readonly StoredOccurrence[]): Promise<void> =>
      store.changes.commit(async (tables) => {
        for (const row of rows) await tables.insertOccurrence(row)
      })
    const idsOf = async (query: OccurrenceQuery): Promise<readonly string[]> => {
      const rows = await store.changes.read((tables) => readAll((page) => tables.listOccurrences(query, page), 2))
      return rows.map((row) => row.name.split('/')[3] ?? '')
    }

    test('notes come back as they went in; an update changes writer, body, etag and time', async () => {
      const changed = { ...NOTE, body: '{"new":1}', etag: '"2"', updateTime: LATER }
      await store.changes.commit((tables) => tables.updateNote(changed))
      assert.deepEqual(await store.changes.read((tables) => tables.findNote(NOTE.name)), changed)
      assert.equal((await refusalOf(store.changes.commit((tables) => tables.insertNote(NOTE)))).code, 'ALREADY_EXISTS')
    })

    test('notes are listed by name', async () => {
      await store.changes.commit(async (tables) => {
        for (const id of ['z', 'a']) await tables.insertNote(note(`projects/p1/notes/${id}`))
      })
      const listed = await store.changes.read((tables) => readAll((page) => tables.listNotes(project('p1').id, page), 2))
      assert.deepEqual(
        listed.map((found) => found.name),
        ['a', 'n', 'z'].map((id) => `projects/p1/notes/${id}`),
      )
    })

    test('occurrences come back as they went in, without a digest too; an update changes body, etag and time', async () => {
      const { digest: _, ...byTag } = named('o', { resourceUri: 'https://registry.example/app:v1', writer: 'token:first' })
      await insert(byTag)
      assert.deepEqual(await store.changes.read((tables) => tables.findOccurrence(byTag.name)), byTag)
      const changed = { ...byTag, writer: 'token:later', body: '{"new":1}', etag: '"2"', updateTime: LATER }
      await store.changes.commit((tables) => tables.updateOccurrence(changed))
      assert.deepEqual(await store.changes.read((tables) => tables.findByContent(NOTE.uid, byTag.contentHash)), changed)
      await store.changes.commit((tables) => tables.deleteOccurrence(byTag.name))
      assert.equal(await store.changes.read((tables) => tables.findOccurrence(byTag.name)), undefined)
    })

    test('the same content under a note twice is ALREADY_EXISTS, under another note it is not', async () => {
      const other = note('projects/p2/notes/n')
      await insert(named('a', { contentHash: 'same' }))
      assert.equal((await refusalOf(insert(named('b', { contentHash: 'same' })))).code, 'ALREADY_EXISTS')
      await store.changes.commit((tables) => tables.insertNote(other))
      await insert(occurrence('projects/p1/occurrences/c', other, { contentHash: 'same' }))
    })

    test('occurrences are listed in the order of creation, by each narrowing', async () => {
      const other = note('projects/p2/notes/n')
      await store.changes.commit((tables) => tables.insertNote(other))
      await insert(named('z', { createTime: '2026-01-31T12:00:01Z' }), named('a', { createTime: '2026-01-31T12:00:02Z', digest: OTHER_DIGEST }))
      await insert(occurrence('projects/p2/occurrences/m', NOTE, { createTime: '2026-01-31T12:00:03Z', resourceUri: 'r', kind: 'BUILD' }))
      await insert(occurrence('projects/p1/occurrences/k', other, { createTime: '2026-01-31T12:00:04Z' }))
      const { id } = project('p1')
      assert.deepEqual(await idsOf({ project: id }), ['z', 'a', 'k'])
      assert.deepEqual(await idsOf({ note: NOTE }), ['z', 'a', 'm'])
      assert.deepEqual(await idsOf({ note: NOTE, digest: DIGEST }), ['z', 'm'])
      assert.deepEqual(await idsOf({ project: id, digest: OTHER_DIGEST }), ['a'])
      assert.deepEqual(await idsOf({ note: NOTE, resourceUri: 'r' }), ['m'])
      assert.deepEqual(await idsOf({ note: NOTE, kind: 'BUILD' }), ['m'])
    })

    test('a page goes on behind its last row, though that one is deleted and others come', async () => {
      await insert(...['a', 'b', 'c'].map((id, at) => named(id, { createTime: `2026-01-31T12:00:0${at}Z` })))
      const query = { project: project('p1').id }
      const { next } = await store.changes.read((tables) => tables.listOccurrences(query, { pageSize: 2 }))
      assert(next !== undefined)
      await store.changes.commit(async (tables) => {
        for (const id of ['b', 'c']) await tables.deleteOccurrence(named(id).name)
        await tables.insertOccurrence(named('d', { createTime: '2026-01-31T12:00:05Z' }))
      })
      const rest = await store.changes.read((tables) => tables.listOccurrences(query, { pageSize: 2, after: next }))
      assert.deepEqual(
        rest.items.map((row) => row.name),
        ['projects/p1/occurrences/d'],
      )
    })

    test('attestations are counted and weighed by note and digest, of all writers or of one', async () => {
      await insert(named('a', { body: '{"a":"ö"}', writer: 'token:a' }), named('b', { body: '{}' }), named('c', { digest: OTHER_DIGEST }))
      const weigh = (uid: string, writer?: string) => store.changes.read((tables) => tables.weighAttestations(uid, DIGEST, writer))
      assert.deepEqual(await weigh(NOTE.uid), { count: 2, bytes: 12 })
      assert.deepEqual(await weigh(NOTE.uid, 'token:a'), { count: 1, bytes: 10 })
      assert.deepEqual(await weigh(NOTE.uid, 'token:b'), { count: 0, bytes: 0 })
      assert.deepEqual(await weigh('another'), { count: 0, bytes: 0 })
    })

    test('what hung on a note that was deleted hangs on nothing, whatever takes its name', async () => {
      await insert(named('a'))
      await store.changes.commit((tables) => tables.deleteNote(NOTE.name))
      assert.deepEqual(await idsOf({ note: NOTE }), [])
      const reborn = { ...NOTE, uid: 'another' }
      await store.changes.commit((tables) => tables.insertNote(reborn))
      assert.deepEqual([await idsOf({ note: NOTE }), await idsOf({ note: reborn })], [[], []])
      assert.deepEqual(await idsOf({ project: project('p1').id }), ['a'])
    })
  })
}
