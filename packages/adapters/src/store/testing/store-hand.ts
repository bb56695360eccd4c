import { type ImageDigest, isImageDigest } from '@countersign/core/image/reference.ts'
import { parseOccurrenceName } from '@countersign/core/name/resource-name.ts'
import type { WorldSource } from '@countersign/gate/ports.ts'
import type { WorldHand } from '@countersign/gate/testing/world-source-contract.ts'
import type { Change, ChangeWriter } from '@countersign/service/changes/change.ts'
import { getValue } from '@countersign/service/changes/invalid.ts'
import { attestor, cluster, DIGEST, note, occurrence, policy, project, requiring, TIME } from '@countersign/service/testing/contract-store.ts'
import type { Store } from '../store.ts'
import type { AllTables } from '../tables/all.ts'

const P1 = project('p1').id
const NOTE = note('projects/p2/notes/n')
const NAME = 'projects/p2/attestors/a'

/** Fills an empty store with a project, its cluster `eu.prod`, and an attestor of another project that its policy requires; gives the hand that changes it. */
export async function makeStoreHand(store: Store): Promise<Omit<WorldHand, 'source'> & { readonly over: (source: WorldSource) => WorldHand }> {
  let etags = 0
  const act = (change: Omit<Change, 'project'>, work: (tables: AllTables) => Promise<void>, owner = P1): Promise<number> =>
    store.changes.commit(async (tables: AllTables & ChangeWriter) => {
      await work(tables)
      const record = { project: owner, methodName: 'm', resourceName: change.name, principal: 'p', permissions: [], time: TIME }
      return await tables.recordChange({ ...change, project: owner }, record)
    })
  const a = attestor(NAME, { note: NOTE.name, noteUid: NOTE.uid })
  await act({ kind: 'PROJECT', name: 'projects/p1', operation: 'CREATE' }, async (tables) => {
    for (const id of ['p1', 'p2']) await tables.insertProject(project(id))
    await tables.insertCluster(cluster('p1', 'eu.prod'))
    await tables.insertCluster(cluster('p1', 'eu.other'))
    await tables.insertNote(NOTE)
    await tables.putAttestor(a)
  })
  const nameOf = (payload: string): string => `projects/p2/occurrences/${payload}`
  const about = { kind: 'ATTESTATION', note: NOTE.name, digest: DIGEST } as const
  const hand: Omit<WorldHand, 'source'> = {
    project: P1,
    attestor: a.attestor.name,
    digest: digestOf(DIGEST),
    putPolicy: (naming) => {
      const put = policy('p1', `"${++etags}"`, naming === 'ATTESTOR' ? requiring(NAME) : {})
      return act({ kind: 'POLICY', name: 'projects/p1/policy', operation: 'UPDATE', etag: put.etag }, (tables) => tables.putPolicy(put))
    },
    attest: (payload) => {
      const signatures = [{ publicKeyId: 'key-1', signature: Buffer.from('no signature').toString('base64') }]
      const body = JSON.stringify({ attestation: { serializedPayload: Buffer.from(payload).toString('base64'), signatures } })
      const made = occurrence(nameOf(payload), NOTE, { body })
      return act({ ...about, name: made.name, operation: 'CREATE' }, (tables) => tables.insertOccurrence(made), project('p2').id)
    },
    withdraw: (payload) => {
      const name = getValue(parseOccurrenceName(nameOf(payload)))
      return act({ ...about, name, operation: 'DELETE' }, (tables) => tables.deleteOccurrence(name), project('p2').id)
    },
  }
  await hand.putPolicy('ATTESTOR')
  return { ...hand, over: (source) => ({ ...hand, source }) }
}

function digestOf(text: string): ImageDigest {
  if (isImageDigest(text)) return text
  throw new Error(text)
}
