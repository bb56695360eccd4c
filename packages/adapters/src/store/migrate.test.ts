import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { cluster, exemption, note, occurrence, policy, project, recordChange, token } from '@countersign/service/testing/contract-store.ts'
import { makeTestSurroundings } from '@countersign/service/testing/surroundings.ts'
import { migrate } from './migrate.ts'
import { MIGRATIONS } from './migrations/all.ts'
import { openWriting } from './sqlite.ts'
import { openStore } from './store.ts'
import { tempStore } from './testing/temp-store.ts'

const surroundings = makeTestSurroundings()
const NOTE = note('projects/p1/notes/n')
const OCCURRENCE = occurrence('projects/p1/occurrences/o', NOTE)

/** Migrates a file to one of its stages. */
async function migrateTo(path: string, migrations: Readonly<Record<string, Migration>>): Promise<void> {
  const { db, close } = openWriting(path)
  try {
    await migrate(db, migrations)
  } finally {
    await close()
  }
}

for (const [index, name] of Object.keys(MIGRATIONS).entries()) {
  test(`a store made by migration ${name} is brought to the present, and code runs on it`, async (t) => {
    const path = tempStore(t)
    await migrateTo(path, Object.fromEntries(Object.entries(MIGRATIONS).slice(0, index + 1)))
    const store = await openStore({ path, surroundings })
    t.after(() => store.close())
    await store.changes.commit(async (tables) => {
      await tables.insertProject(project('p1'))
      await tables.insertCluster(cluster('p1', 'eu.prod'))
      await tables.putPolicy(policy('p1', '"1"'))
      await tables.insertExemption(exemption('p1', 'x'))
      await tables.insertNote(NOTE)
      await tables.insertOccurrence(OCCURRENCE)
      await tables.insertToken(token('t1'))
      await recordChange(tables, 'p1')
    })
    assert.deepEqual(await store.changes.read((tables) => tables.findOccurrence(OCCURRENCE.name)), OCCURRENCE)
  })
}

test('what was written before the next migration is there after it, and the code before it is refused', async (t) => {
  const path = tempStore(t)
  const before = await openStore({ path, surroundings })
  await before.changes.commit((tables) => tables.insertProject(project('p1')))
  await before.close()
  await migrateTo(path, {
    ...MIGRATIONS,
    '9999-next': { up: (db: Kysely<unknown>) => sql`alter table project add column next text`.execute(db).then(() => undefined) },
  })
  await assert.rejects(openStore({ path, surroundings }), {
    code: 'FAILED_PRECONDITION',
    message: 'Cannot use the store: a newer version of Countersign made it; start that version',
  })
  const { db, close } = openWriting(path)
  t.after(close)
  assert.deepEqual(
    (await db.selectFrom('project').select('id').execute()).map(({ id }) => id),
    ['p1'],
  )
})

test('a migration that breaks off leaves the store as it was', async (t) => {
  const path = tempStore(t)
  await (await openStore({ path, surroundings })).close()
  const broken: Migration = {
    up: async (db: Kysely<unknown>) => {
      await sql`create table half (id text)`.execute(db)
      throw new Error('power loss')
    },
  }
  await assert.rejects(migrateTo(path, { ...MIGRATIONS, '9999-broken': broken }), { code: 'FAILED_PRECONDITION' })
  const store = await openStore({ path, surroundings })
  await store.close()
  const { db, close } = openWriting(path)
  t.after(close)
  const { rows } = await sql`select name from sqlite_master where name = 'half'`.execute(db)
  assert.deepEqual(rows, [])
})
