import assert from 'node:assert/strict'
import { afterEach, beforeEach, suite, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { verifyChain } from '@countersign/evidence/record/chain.ts'
import { type ContractStore, note, project, readAll, recordChange, TIME, token } from './contract-store.ts'

/** What every store promises of the one write path and its feed (DESIGN §6). */
export function changesContract(name: string, open: () => Promise<ContractStore>): void {
  suite(`${name}: changes`, () => {
    let store: ContractStore
    beforeEach(async () => {
      store = await open()
    })
    afterEach(() => store.close())

    test('commit() keeps the change, its feed row and its record, and gives what the work gives', async () => {
      const result = await store.changes.commit(async (tables) => {
        await tables.insertProject(project('p1'))
        return await recordChange(tables, 'p1')
      })
      assert.equal(result, 1)
      assert.deepEqual(await store.changes.read((tables) => tables.findProject(project('p1').id)), project('p1'))
      assert.deepEqual(await store.feed.after(0, 10), [{ position: 1, project: 'p1', kind: 'PROJECT', name: 'projects/p1', operation: 'CREATE' }])
      assert.equal(await store.feed.head(), 1)
      const rows = await store.changes.read((tables) => tables.listAudit({ project: project('p1').id, order: 'OLDEST_FIRST' }, { pageSize: 10 }))
      assert.deepEqual(
        rows.items.map(({ sequence, time }) => [sequence, time]),
        [[1, TIME]],
      )
    })

    test('what the work throws is thrown, and nothing of it is kept', async () => {
      const failure = new Error('the flow failed')
      const work = store.changes.commit(async (tables) => {
        await tables.insertProject(project('p1'))
        await tables.insertToken(token('t1'))
        await recordChange(tables, 'p1')
        throw failure
      })
      await assert.rejects(work, failure)
      assert.equal(await store.changes.read((tables) => tables.findProject(project('p1').id)), undefined)
      assert.deepEqual(await store.changes.read((tables) => tables.listTokens()), [])
      assert.deepEqual(await store.feed.after(0, 10), [])
      assert.equal(await store.feed.head(), 0)
      assert.deepEqual(await store.changes.read((tables) => tables.listWriters()), [])
    })

    test('a commit after a failed one takes the next position', async () => {
      await store.changes.commit((tables) => recordChange(tables, 'p1'))
      await assert.rejects(
        store.changes.commit(async (tables) => {
          await recordChange(tables, 'p1')
          throw new Error('the flow failed')
        }),
      )
      assert.equal(await store.changes.commit((tables) => recordChange(tables, 'p1')), 2)
    })

    test('commits at once run one after the other: no update is lost, positions are those of the commits', async () => {
      const counter = note('projects/p1/notes/counter', { body: '0' })
      await store.changes.commit(async (tables) => {
        await tables.insertProject(project('p1'))
        await tables.insertNote(counter)
      })
      const finished: number[] = []
      const increments = Array.from({ length: 20 }, async () => {
        const position = await store.changes.commit(async (tables) => {
          const found = await tables.findNote(counter.name)
          await setImmediate()
          await tables.updateNote({ ...counter, body: String(Number(found?.body) + 1) })
          return await recordChange(tables, 'p1')
        })
        finished.push(position)
      })
      await Promise.all(increments)
      assert.equal((await store.changes.read((tables) => tables.findNote(counter.name)))?.body, '20')
      const expected = Array.from({ length: 20 }, (_, index) => index + 1)
      assert.deepEqual(finished, expected)
      assert.deepEqual(
        (await store.feed.after(0, 100)).map(({ position }) => position),
        expected,
      )
    })

    test('read() sees one moment', async () => {
      const inserted = await store.changes.read(async (tables) => {
        assert.equal(await tables.findProject(project('p1').id), undefined)
        const commit = store.changes.commit((writing) => writing.insertProject(project('p1')))
        for (let turn = 0; turn < 20; turn++) await setImmediate()
        assert.equal(await tables.findProject(project('p1').id), undefined)
        return { commit }
      })
      await inserted.commit
      assert.deepEqual(await store.changes.read((tables) => tables.findProject(project('p1').id)), project('p1'))
    })

    test('the feed gives rows behind a position, in order, as many as are asked for', async () => {
      for (let count = 0; count < 5; count++) await store.changes.commit((tables) => recordChange(tables, 'p1'))
      assert.deepEqual(
        (await store.feed.after(1, 2)).map(({ position }) => position),
        [2, 3],
      )
      assert.deepEqual(await store.feed.after(5, 10), [])
    })

    test('a feed row carries all that the change said', async () => {
      const owner = project('p1').id
      const change = {
        project: owner,
        kind: 'ATTESTATION',
        name: 'projects/p1/occurrences/o',
        operation: 'DELETE',
        etag: '"e"',
        note: 'n',
        digest: 'd',
      } as const
      const record = { project: owner, methodName: 'm', resourceName: 'r', principal: 'p', permissions: [], time: TIME }
      await store.changes.commit((tables) => tables.recordChange(change, record))
      assert.deepEqual(await store.feed.after(0, 1), [{ position: 1, ...change }])
    })

    test('the records of a server are one unbroken chain', async () => {
      for (let count = 0; count < 5; count++) await store.changes.commit((tables) => recordChange(tables, 'p1'))
      const [head] = await store.changes.read((tables) => tables.listWriters())
      assert(head !== undefined)
      const links = await store.changes.read((tables) => readAll((page) => tables.listChain(head.writer, page), 2))
      assert.deepEqual(await verifyChain(head.writer, links, { knownHead: head }), { outcome: 'INTACT', head: { sequence: 5, hash: head.hash } })
    })
  })
}
