import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { storeContract } from '@countersign/service/testing/store-contract.ts'
import { makeTestSurroundings } from '@countersign/service/testing/surroundings.ts'
import { openStore } from './store.ts'

storeContract('SQLite in memory', () => openStore({ path: ':memory:', surroundings: makeTestSurroundings() }))

storeContract('SQLite file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cs-store-'))
  const store = await openStore({ path: join(folder, 'store.db'), surroundings: makeTestSurroundings() })
  return {
    ...store,
    close: async () => {
      await store.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
})
