import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { sql } from 'kysely'
import { StatusError } from '@countersign/core/status.ts'
import { makeCheckpointKey, makeCheckpointSigner, parseVerifierKey } from '@countersign/evidence/log/checkpoint.ts'
import { proveLog } from '@countersign/evidence/log/prove-log.ts'
import { type CheckpointShelf } from '@countersign/service/audit/log-ports.ts'
import { makeLogSealer } from '@countersign/service/audit/seal-log.ts'
import { recordChange } from '@countersign/service/testing/contract-store.ts'
import { makeDecisionRows } from '@countersign/service/testing/decision-rows.ts'
import { refusalOf } from '@countersign/service/testing/thrown.ts'
import { makeTestSurroundings } from '@countersign/service/testing/surroundings.ts'
import { openWriting } from './sqlite.ts'
import { openStore } from './store.ts'
import { tempStore } from './testing/temp-store.ts'

const KEY = makeCheckpointKey()
const signer = makeCheckpointSigner('countersign/test', KEY)

function makeShelf(): CheckpointShelf & { readonly notes: string[] } {
  const notes: string[] = []
  return { notes, last: () => notes.at(-1), append: (note) => void notes.push(note) }
}

async function arrange(t: TestContext) {
  const path = tempStore(t)
  const store = await openStore({ path, surroundings: makeTestSurroundings() })
  t.after(() => store.close())
  const shelf = makeShelf()
  const rows = makeDecisionRows(
    'gate-1',
    Array.from({ length: 30 }, () => 'p1'),
  )
  return { path, store, shelf, rows, sealer: makeLogSealer({ changes: store.changes, shelf, signer }) }
}

/** What an auditor would do with the whole store. */
async function prove({ store, shelf }: Awaited<ReturnType<typeof arrange>>) {
  const hashes = new Map<string, readonly string[]>()
  const { segments } = await store.changes.read(async (tables) => {
    for (const { writer, sequence } of await tables.listWriters()) hashes.set(writer, await tables.listHashes({ writer, first: 1, last: sequence }))
    return { segments: (await tables.listSegments({ pageSize: 1000 })).items }
  })
  const open = (note: string) => {
    const checkpoint = parseVerifierKey(signer.verifierKey)?.open(note)
    assert.ok(checkpoint !== undefined)
    return checkpoint
  }
  return proveLog({ segments, hashes }, shelf.notes.map(open))
}

test('every record of every writer is sealed, each checkpoint stays true, and nothing new gives no checkpoint', async (t) => {
  const world = await arrange(t)
  const { store, shelf, rows, sealer } = world
  await sealer.seal()
  assert.equal(sealer.head(), undefined, 'an empty log has no checkpoint')
  await store.acceptDecisions('gate-1', rows.slice(0, 10))
  await sealer.seal()
  await store.changes.commit((tables) => recordChange(tables, 'p1'))
  await store.acceptDecisions('gate-1', rows.slice(10))
  await Promise.all([sealer.seal(), sealer.seal()])
  assert.equal(shelf.notes.length, 2)
  assert.deepEqual(await prove(world), { outcome: 'PROVEN', size: 31 })
  const again = makeLogSealer({ changes: store.changes, shelf, signer })
  await again.seal()
  assert.equal(shelf.notes.length, 2, 'a restart seals nothing anew')
  assert.deepEqual(again.head(), { checkpoint: shelf.notes[1], publicKey: signer.verifierKey })
})

test('whoever owns the database alone has no other past signed: rewritten, cut, or without its order', async (t) => {
  for (const alter of [
    "update audit set hash = 'x' where sequence = 3",
    'delete from audit where sequence = 10',
    'delete from log_segment',
    'update log_segment set start = 1',
    'update log_segment set last = 9',
  ]) {
    const world = await arrange(t)
    await world.store.acceptDecisions('gate-1', world.rows.slice(0, 10))
    await world.sealer.seal()
    const database = openWriting(world.path)
    await sql.raw(alter).execute(database.db)
    await database.close()
    const restarted = makeLogSealer({ changes: world.store.changes, shelf: world.shelf, signer })
    const { code, message } = await refusalOf(restarted.seal())
    assert.equal(code, 'DATA_LOSS', alter)
    assert.match(message, /^Cannot seal the log/)
    assert.equal(world.shelf.notes.length, 1)
  }
})

test('with another key than that of the last checkpoint nothing is sealed', async (t) => {
  const { store, shelf, rows, sealer } = await arrange(t)
  await store.acceptDecisions('gate-1', rows)
  await sealer.seal()
  const other = makeCheckpointSigner('countersign/test', makeCheckpointKey())
  assert.equal((await refusalOf(makeLogSealer({ changes: store.changes, shelf, signer: other }).seal())).code, 'DATA_LOSS')
})

test('a checkpoint that could not be published is published by the next seal', async (t) => {
  const world = await arrange(t)
  const { store, shelf, rows } = world
  let full = true
  const failing: CheckpointShelf = {
    last: shelf.last,
    append: (note) => {
      if (full) throw new StatusError('UNAVAILABLE', 'the disk is full')
      shelf.append(note)
    },
  }
  const sealer = makeLogSealer({ changes: store.changes, shelf: failing, signer })
  await store.acceptDecisions('gate-1', rows)
  assert.equal((await refusalOf(sealer.seal())).code, 'UNAVAILABLE')
  full = false
  await sealer.seal()
  assert.equal(shelf.notes.length, 1)
  assert.deepEqual(await prove(world), { outcome: 'PROVEN', size: 30 })
})
