import { writeSync } from 'node:fs'
import { makeTestSurroundings } from '@countersign/service/testing/surroundings.ts'
import { project, recordChange } from '@countersign/service/testing/contract-store.ts'
import { openStore } from '../store.ts'

/*
 * Commits one project after the other, from several flows at once, and says each on its standard output once it is acknowledged, until it is killed.
 * Arguments: the store's path, and a prefix that no other run has.
 */
const [path = '', prefix = ''] = process.argv.slice(2)
const store = await openStore({ path, surroundings: makeTestSurroundings() })
let count = 0

async function commitForEver(): Promise<never> {
  for (;;) {
    const id = `${prefix}${++count}`
    const position = await store.changes.commit(async (tables) => {
      await tables.insertProject(project(id))
      return await recordChange(tables, id)
    })
    writeSync(1, `${id} ${position}\n`)
  }
}

await Promise.all(Array.from({ length: 4 }, commitForEver))
