import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeTokens } from '../access/tokens.ts'
import { makePageTokens } from '../changes/page-token.ts'
import { ADMIN } from '../testing/callers.ts'
import { cluster } from '../testing/contract-store.ts'
import { makeMetadataWorld } from '../testing/metadata-world.ts'
import { refusalOf } from '../testing/thrown.ts'
import { makeClusters } from './clusters.ts'

test('removeCluster() revokes the tokens of its gates, and of no other', async () => {
  const { store, surroundings } = await makeMetadataWorld(['p1'])
  await store.changes.commit(async (tables) => {
    for (const key of ['eu.prod', 'eu.test']) await tables.insertCluster(cluster('p1', key))
  })
  const tokens = makeTokens({ changes: store.changes, surroundings })
  const clusters = makeClusters({ changes: store.changes, surroundings, pageTokens: makePageTokens(new Uint8Array(32)) })
  const make = (key: string) => tokens.createToken(ADMIN, { displayName: key, role: 'gate', project: 'p1', cluster: key })
  const [prod, other] = [await make('eu.prod'), await make('eu.test')]
  await clusters.removeCluster(ADMIN, 'p1', 'eu.prod')
  assert.equal((await refusalOf(tokens.authenticate(prod.text))).code, 'UNAUTHENTICATED')
  assert.equal((await tokens.authenticate(other.text)).role, 'gate')
})
