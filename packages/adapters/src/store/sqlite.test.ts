import assert from 'node:assert/strict'
import { statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { sql } from 'kysely'
import { StatusError } from '@countersign/core/status.ts'
import { cluster, note, policy, project, recordChange } from '@countersign/service/testing/contract-store.ts'
import { makeTestSurroundings } from '@countersign/service/testing/surroundings.ts'
import { openReading, openWriting } from './sqlite.ts'
import { openStore } from './store.ts'
import { tempStore } from './testing/temp-store.ts'

const surroundings = makeTestSurroundings()
const P1 = project('p1').id

test('a commit is on disk when it resolves: WAL with synchronous=FULL', async (t) => {
  const { db, close } = openWriting(tempStore(t))
  t.after(close)
  const read = async (pragma: string): Promise<unknown> => Object.values((await sql.raw<object>(`pragma ${pragma}`).execute(db)).rows[0] ?? {})[0]
  assert.deepEqual([await read('journal_mode'), await read('synchronous'), await read('foreign_keys')], ['wal', 2, 1])
})

test('all files are readable by their owner alone', async (t) => {
  const path = tempStore(t)
  const store = await openStore({ path, surroundings })
  t.after(() => store.close())
  await store.changes.commit((tables) => recordChange(tables, 'p1'))
  const modes = ['', '-wal', '-shm', '.lock'].map((end) => statSync(`${path}${end}`).mode & 0o777)
  assert.deepEqual(modes, [0o600, 0o600, 0o600, 0o600])
})

test('a store that is closed is UNAVAILABLE; closing waits for what has begun, and may be done twice', async (t) => {
  const store = await openStore({ path: tempStore(t), surroundings })
  const begun = store.changes.commit(async (tables) => {
    await setImmediate()
    return await recordChange(tables, 'p1')
  })
  await setImmediate()
  await Promise.all([store.close(), store.close()])
  assert.equal(await begun, 1)
  await assert.rejects(
    store.changes.read((tables) => tables.listTokens()),
    { code: 'UNAVAILABLE' },
  )
  await assert.rejects(
    store.changes.commit((tables) => tables.listTokens()),
    { code: 'UNAVAILABLE' },
  )
  await assert.rejects(store.feed.head(), { code: 'UNAVAILABLE' })
})

test('a store is found again as it was left, its chain goes on', async (t) => {
  const path = tempStore(t)
  for (const position of [1, 2, 3]) {
    const store = await openStore({ path, surroundings })
    assert.equal(await store.changes.commit((tables) => recordChange(tables, 'p1')), position)
    assert.equal((await store.changes.read((tables) => tables.listWriters())).length, 1)
    await store.close()
  }
})

test('onCommit tells the last position of a commit before it is acknowledged, and nothing of one that changed nothing', async (t) => {
  const told: number[] = []
  const store = await openStore({ path: tempStore(t), surroundings, onCommit: async (position) => void told.push(position) })
  t.after(() => store.close())
  await store.changes.commit(async (tables) => {
    await recordChange(tables, 'p1')
    await recordChange(tables, 'p1')
  })
  assert.deepEqual(told, [2])
  await store.changes.commit((tables) => tables.listTokens())
  await assert.rejects(
    store.changes.commit(async (tables) => {
      await recordChange(tables, 'p1')
      throw new Error('the flow failed')
    }),
  )
  assert.deepEqual(told, [2])
})

test('reads do not wait for a write, nor for each other', async (t) => {
  const store = await openStore({ path: tempStore(t), surroundings })
  t.after(() => store.close())
  const gate = Promise.withResolvers<void>()
  const held = [
    store.changes.commit(async (tables) => {
      await tables.insertProject(project('p1'))
      await gate.promise
    }),
    store.changes.read(async () => await gate.promise),
    store.changes.read(async () => await gate.promise),
  ]
  assert.deepEqual(await store.changes.read((tables) => tables.findProject(P1)), undefined)
  gate.resolve()
  await Promise.all(held)
})

test('what reads cannot write', async (t) => {
  const path = tempStore(t)
  await (await openStore({ path, surroundings })).close()
  const { db, close } = openReading(path, 1)
  t.after(close)
  await assert.rejects(db.deleteFrom('project').execute(), { code: 'UNAVAILABLE' })
})

test('two clusters cannot have one segment, and nothing belongs to a project that is not there', async (t) => {
  const store = await openStore({ path: tempStore(t), surroundings })
  t.after(() => store.close())
  await assert.rejects(
    store.changes.commit((tables) => tables.insertNote(note('projects/p1/notes/n'))),
    { code: 'FAILED_PRECONDITION' },
  )
  const twins = store.changes.commit(async (tables) => {
    await tables.insertProject(project('p1'))
    await tables.insertCluster(cluster('p1', 'eu.a'))
    await tables.insertCluster({ ...cluster('p1', 'eu.b'), segment: cluster('p1', 'eu.a').segment })
  })
  await assert.rejects(twins, { code: 'ALREADY_EXISTS' })
})

test('a full disk refuses the commit, keeps what was there, and lets go on once there is room', async (t) => {
  const { db, close } = openWriting(tempStore(t))
  t.after(close)
  await sql`create table filler (text text)`.execute(db)
  await sql`pragma max_page_count = 20`.execute(db)
  const filling = db.transaction().execute(async (trx) => {
    for (;;) await sql`insert into filler values (${'x'.repeat(10_000)})`.execute(trx)
  })
  await assert.rejects(filling, { code: 'RESOURCE_EXHAUSTED', message: 'Cannot write to the store: its disk is full' })
  await sql`pragma max_page_count = 2000`.execute(db)
  await db.transaction().execute((trx) => sql`insert into filler values ('fits')`.execute(trx))
  const { rows } = await sql<{ text: string }>`select text from filler`.execute(db)
  assert.deepEqual(
    rows.map(({ text }) => text),
    ['fits'],
  )
})

test('a file that is no store, or a folder that is not there, is refused with what to do', async (t) => {
  const path = tempStore(t)
  writeFileSync(path, 'this is not a database, but long enough to be mistaken for one. '.repeat(50))
  await assert.rejects(openStore({ path, surroundings }), (error) => error instanceof StatusError && error.code === 'DATA_LOSS')
  await assert.rejects(openStore({ path: `${dirname(path)}/absent/store.db`, surroundings }), { code: 'FAILED_PRECONDITION' })
})

test('a row that no flow can have written is DATA_LOSS, never something that allows', async (t) => {
  const path = tempStore(t)
  const store = await openStore({ path, surroundings })
  await store.changes.commit(async (tables) => {
    await tables.insertProject(project('p1'))
    await tables.putPolicy(policy('p1', '"1"'))
  })
  t.after(() => store.close())
  const direct = new DatabaseSync(path)
  t.after(() => direct.close())
  const bodies = ['not JSON', '[]', '{}', '{"defaultAdmissionRule":{"evaluationMode":"ALLOW","enforcementMode":"NONE"}}']
  for (const body of bodies) {
    direct.prepare('update policy set body = ?').run(body)
    await assert.rejects(
      store.changes.read((tables) => tables.findPolicy(P1)),
      { code: 'DATA_LOSS' },
      body,
    )
  }
})
