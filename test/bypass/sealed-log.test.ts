import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { before, test } from 'node:test'
import { type CliResult, runCli } from '../harness/cli.ts'
import { clientEnvironment } from '../harness/server.ts'
import { BAD, podOf, type Session, startSession } from './session.ts'

/*
 * Whoever can write to the store's file, and what an auditor with `audit verify` sees of it.
 */
let session: Session
let file: string
const GATE = `writer LIKE 'gate-%'`

before(async () => {
  session = await startSession()
  // Of three names, because identical denials would be counted in one record.
  for (const name of ['one', 'two', 'three']) assert.equal(await session.ask(podOf(BAD, { metadata: { name } })), 'DENIED')
  file = join(session.dataFolder, 'countersign.db')
  while (countShipped() < 3) await new Promise(setImmediate)
})

/** Alters the store behind the server's back, and undoes it again after the auditor looked. */
async function verifyAfter(alter: string): Promise<CliResult> {
  write(`CREATE TABLE saved AS SELECT * FROM audit; ${alter}`)
  const result = await runCli(['audit', 'verify'], { env: clientEnvironment(session) })
  write('DELETE FROM audit; INSERT INTO audit SELECT * FROM saved; DROP TABLE saved')
  return result
}

function countShipped(): number {
  const db = new DatabaseSync(file, { readOnly: true })
  const { shipped } = db.prepare(`SELECT count(*) AS shipped FROM audit WHERE ${GATE}`).get() as { shipped: number }
  db.close()
  return shipped
}

function write(sql: string): void {
  const db = new DatabaseSync(file, { timeout: 5000 })
  db.exec(sql)
  db.close()
}

test('an untouched log verifies', async () => {
  const { code, stdout, stderr } = await verifyAfter('SELECT 1')
  assert.equal(code, 0, stdout + stderr)
})

for (const [name, alter] of Object.entries({
  'a record is filed under another project': `UPDATE audit SET project = 'p9' WHERE ${GATE} AND sequence = 2`,
  'a record is filed at another time': `UPDATE audit SET time = '1999-01-01T00:00:00.000000Z' WHERE ${GATE} AND sequence = 2`,
  'a change is filed under another project': `UPDATE audit SET project = 'p9' WHERE NOT ${GATE} AND sequence = 1`,
  'a record says something else': `UPDATE audit SET canonical = replace(canonical, 'mallory', 'alice') WHERE ${GATE} AND sequence = 2`,
  'a record is left out': `DELETE FROM audit WHERE ${GATE} AND sequence = 2`,
  'the tail is cut': `DELETE FROM audit WHERE ${GATE} AND sequence = 3`,
  'two records change places': `UPDATE audit SET sequence = 5 - sequence + 100 WHERE ${GATE} AND sequence > 1; UPDATE audit SET sequence = sequence - 100 WHERE sequence > 100`,
})) {
  test(`audit verify finds it where ${name}`, async () => {
    const { code, stdout, stderr } = await verifyAfter(alter)
    assert.notEqual(code, 0, stdout + stderr)
    assert.match(stdout + stderr, /record [123]|Record [123]/)
  })
}
