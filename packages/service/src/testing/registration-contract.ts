import assert from 'node:assert/strict'
import { afterEach, beforeEach, suite, test } from 'node:test'
import { getValue } from '../changes/invalid.ts'
import { parseNoteName } from '@countersign/core/name/resource-name.ts'
import { attestor, cluster, type ContractStore, exemption, note, occurrence, policy, project, readAll, token } from './contract-store.ts'
import { refusalOf } from './thrown.ts'

/** What every store promises of projects, clusters and tokens. */
export function registrationContract(name: string, open: () => Promise<ContractStore>): void {
  suite(`${name}: registration`, () => {
    let store: ContractStore
    beforeEach(async () => {
      store = await open()
    })
    afterEach(() => store.close())

    test('a second project of a name is ALREADY_EXISTS', async () => {
      await store.changes.commit((tables) => tables.insertProject(project('p1')))
      const twin = store.changes.commit((tables) => tables.insertProject(project('p1', 'another uid')))
      assert.equal((await refusalOf(twin)).code, 'ALREADY_EXISTS')
    })

    test('pages hold every project once, in order, though others come and go between them', async () => {
      await store.changes.commit(async (tables) => {
        for (const id of ['b', 'd', 'f', 'h']) await tables.insertProject(project(id))
      })
      const first = await store.changes.read((tables) => tables.listProjects({ pageSize: 2 }))
      assert.deepEqual(
        first.items.map(({ id }) => id),
        ['b', 'd'],
      )
      await store.changes.commit(async (tables) => {
        await tables.insertProject(project('a'))
        await tables.deleteProject(project('d').id)
        await tables.insertProject(project('e'))
      })
      const { next } = first
      assert(next !== undefined)
      const second = await store.changes.read((tables) => tables.listProjects({ pageSize: 10, after: next }))
      assert.deepEqual(
        second.items.map(({ id }) => id),
        ['e', 'f', 'h'],
      )
      assert.equal(second.next, undefined)
    })

    test('a page that ends with the last row has no next', async () => {
      await store.changes.commit(async (tables) => {
        for (const id of ['a', 'b']) await tables.insertProject(project(id))
      })
      const page = await store.changes.read((tables) => tables.listProjects({ pageSize: 2 }))
      assert.deepEqual([page.items.length, page.next], [2, undefined])
    })

    test('p1 shows nothing of p12', async () => {
      await store.changes.commit(async (tables) => {
        for (const id of ['p1', 'p12', 'p']) {
          await tables.insertProject(project(id))
          await tables.insertCluster(cluster(id, 'eu.prod'))
          await tables.insertNote(note(`projects/${id}/notes/n`))
          await tables.insertOccurrence(occurrence(`projects/${id}/occurrences/o`, note(`projects/${id}/notes/n`)))
          await tables.putAttestor(attestor(`projects/${id}/attestors/a`))
          await tables.insertExemption(exemption(id, 'x'))
        }
      })
      const { id } = project('p1')
      const seen = await store.changes.read(async (tables) => [
        await readAll((page) => tables.listClusters(id, page), 1),
        await readAll((page) => tables.listNotes(id, page), 1),
        await readAll((page) => tables.listOccurrences({ project: id }, page), 1),
        await readAll((page) => tables.listAttestors(id, page), 1),
        await readAll((page) => tables.listExemptions(id, page), 1),
      ])
      const own = note('projects/p1/notes/n')
      const rows = [
        cluster('p1', 'eu.prod'),
        own,
        occurrence('projects/p1/occurrences/o', own),
        attestor('projects/p1/attestors/a'),
        exemption('p1', 'x'),
      ]
      assert.deepEqual(
        seen,
        rows.map((row) => [row]),
      )
    })

    test('deleting a project takes along all it owns, and nothing of another; its former versions stay', async () => {
      await store.changes.commit(async (tables) => {
        for (const id of ['p1', 'p12']) await fill(tables, id)
      })
      await store.changes.commit((tables) => tables.deleteProject(project('p1').id))
      await store.changes.commit((tables) => tables.insertProject(project('p1', 'reborn')))
      const remains = await store.changes.read(async (tables) => [
        ...(await Promise.all(['p1', 'p12'].map((id) => countOwned(tables, id)))),
        (await tables.findPolicyVersion(project('p1').id, '"1"'))?.etag,
        (await tables.findAttestorVersion('uid-projects/p1/attestors/a', '"1"'))?.etag,
      ])
      assert.deepEqual(remains, [0, 6, '"1"', '"1"'])
    })

    test('clusters are found by project and key, in order of key', async () => {
      await store.changes.commit(async (tables) => {
        await tables.insertProject(project('p1'))
        for (const key of ['us.b', 'eu.a', 'us.a']) await tables.insertCluster(cluster('p1', key))
      })
      const { id } = project('p1')
      assert.deepEqual(await store.changes.read((tables) => tables.findCluster(id, cluster('p1', 'us.a').key)), cluster('p1', 'us.a'))
      const keys = await store.changes.read((tables) => readAll((page) => tables.listClusters(id, page), 2))
      assert.deepEqual(
        keys.map(({ key }) => key),
        ['eu.a', 'us.a', 'us.b'],
      )
      const settings = { imagePaths: [], knative: false, pinTags: true }
      await store.changes.commit((tables) => tables.setClusterSettings(id, cluster('p1', 'us.a').key, settings))
      assert.deepEqual(await store.changes.read((tables) => tables.findCluster(id, cluster('p1', 'us.a').key)), {
        ...cluster('p1', 'us.a'),
        settings,
      })
      await store.changes.commit((tables) => tables.deleteCluster(id, cluster('p1', 'us.a').key))
      assert.equal(await store.changes.read((tables) => tables.findCluster(id, cluster('p1', 'us.a').key)), undefined)
      assert.equal((await refusalOf(store.changes.commit((tables) => tables.insertCluster(cluster('p1', 'us.b'))))).code, 'ALREADY_EXISTS')
    })

    test('tokens come back as they went in; revoking stamps one', async () => {
      const notes = [getValue(parseNoteName('projects/p1/notes/n'))]
      const whole = token('t2', { role: 'attestor', project: project('p1').id, notes, expireTime: '2027-01-01T00:00:00Z' })
      await store.changes.commit(async (tables) => {
        await tables.insertToken(token('t1'))
        await tables.insertToken(whole)
      })
      assert.deepEqual(await store.changes.read((tables) => tables.listTokens()), [token('t1'), whole])
      await store.changes.commit((tables) => tables.revokeToken('t2', '2026-02-01T00:00:00Z'))
      assert.deepEqual(await store.changes.read((tables) => tables.findToken('t2')), { ...whole, revokeTime: '2026-02-01T00:00:00Z' })
      assert.equal((await refusalOf(store.changes.commit((tables) => tables.insertToken(token('t1'))))).code, 'ALREADY_EXISTS')
    })
  })
}

type Tables = Parameters<Parameters<ContractStore['changes']['commit']>[0]>[0]
type Reading = Parameters<Parameters<ContractStore['changes']['read']>[0]>[0]

async function fill(tables: Tables, id: string): Promise<void> {
  const owned = note(`projects/${id}/notes/n`)
  await tables.insertProject(project(id))
  await tables.insertCluster(cluster(id, 'eu.prod'))
  await tables.putPolicy(policy(id, '"1"'))
  await tables.putAttestor(attestor(`projects/${id}/attestors/a`))
  await tables.insertExemption(exemption(id, 'x'))
  await tables.insertNote(owned)
  await tables.insertOccurrence(occurrence(`projects/${id}/occurrences/o`, owned))
}

async function countOwned(tables: Reading, id: string): Promise<number> {
  const page = { pageSize: 10 }
  const owner = project(id).id
  const lists = [
    (await tables.listClusters(owner, page)).items,
    (await tables.listAttestors(owner, page)).items,
    (await tables.listExemptions(owner, page)).items,
    (await tables.listNotes(owner, page)).items,
    (await tables.listOccurrences({ project: owner }, page)).items,
    [await tables.findPolicy(owner)].filter((found) => found !== undefined),
  ]
  return lists.reduce((sum, items) => sum + items.length, 0)
}
