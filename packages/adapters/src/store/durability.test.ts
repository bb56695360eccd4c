import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { verifyChain } from '@countersign/evidence/record/chain.ts'
import { project, readAll } from '@countersign/service/testing/contract-store.ts'
import { makeTestSurroundings } from '@countersign/service/testing/surroundings.ts'
import { openStore, type Store } from './store.ts'
import { tempStore } from './testing/temp-store.ts'

const CHILD = fileURLToPath(new URL('./testing/committing-child.ts', import.meta.url))
const ROUNDS = ['a', 'b', 'c']
const ACKNOWLEDGED_BEFORE_KILL = 60

interface Acknowledged {
  readonly id: string
  readonly position: number
}

/** Runs the child until it has acknowledged enough, kills it in the middle of its work, and gives all that it acknowledged. */
async function commitUntilKilled(path: string, prefix: string): Promise<readonly Acknowledged[]> {
  const child = spawn(process.execPath, [CHILD, path, prefix], { stdio: ['ignore', 'pipe', 'inherit'] })
  const said: Acknowledged[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    const [id = '', position = ''] = line.split(' ')
    said.push({ id, position: Number(position) })
    if (said.length === ACKNOWLEDGED_BEFORE_KILL) child.kill('SIGKILL')
  }
  await ended(child)
  return said
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}

async function findMissing(store: Store, acknowledged: readonly Acknowledged[]): Promise<readonly Acknowledged[]> {
  const feed = new Map((await store.feed.after(0, 1_000_000)).map((row) => [row.position, row.project]))
  return await store.changes.read(async (tables) => {
    const missing: Acknowledged[] = []
    for (const one of acknowledged) {
      const isThere = (await tables.findProject(project(one.id).id)) !== undefined && feed.get(one.position) === one.id
      if (!isThere) missing.push(one)
    }
    return missing
  })
}

test('kill -9 in the middle of commits loses nothing that was acknowledged, and leaves nothing by halves', async (t) => {
  const path = tempStore(t)
  const acknowledged: Acknowledged[] = []
  for (const round of ROUNDS) acknowledged.push(...(await commitUntilKilled(path, round)))
  const store = await openStore({ path, surroundings: makeTestSurroundings() })
  t.after(() => store.close())
  assert(acknowledged.length >= ROUNDS.length * ACKNOWLEDGED_BEFORE_KILL)
  assert.deepEqual(await findMissing(store, acknowledged), [])
  const head = await store.feed.head()
  const positions = (await store.feed.after(0, 1_000_000)).map(({ position }) => position)
  assert.deepEqual(
    positions,
    Array.from({ length: head }, (_, index) => index + 1),
  )
  const [writer, ...others] = await store.changes.read((tables) => tables.listWriters())
  assert(writer !== undefined)
  assert.deepEqual(others, [])
  const links = await store.changes.read((tables) => readAll((page) => tables.listChain(writer.writer, page), 500))
  assert.deepEqual(await verifyChain(writer.writer, links), { outcome: 'INTACT', head: { sequence: head, hash: writer.hash } })
})

test('a second server on one file is refused while the first lives, and let in once it is gone, however it went', async (t) => {
  const path = tempStore(t)
  const child = spawn(process.execPath, [CHILD, path, 'a'], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  await assert.rejects(openStore({ path, surroundings: makeTestSurroundings() }), {
    code: 'FAILED_PRECONDITION',
    message: `Cannot open the store "${path}": another server uses it; stop it, or choose another --data folder`,
  })
  child.kill('SIGKILL')
  await ended(child)
  const store = await openStore({ path, surroundings: makeTestSurroundings() })
  await assert.rejects(openStore({ path, surroundings: makeTestSurroundings() }), { code: 'FAILED_PRECONDITION' })
  await store.close()
  await (await openStore({ path, surroundings: makeTestSurroundings() })).close()
})
