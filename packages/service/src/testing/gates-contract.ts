import assert from 'node:assert/strict'
import { afterEach, beforeEach, suite, test } from 'node:test'
import { parseClusterKey, parseProjectId } from '@countersign/core/name/resource-name.ts'
import { getValue } from '../changes/invalid.ts'
import type { StoredGate } from '../gates/ports.ts'
import { type ContractStore, LATER, recordChange, TIME } from './contract-store.ts'

const gate = (writer: string, over: Partial<StoredGate> = {}): StoredGate => ({
  writer,
  token: 't1',
  project: getValue(parseProjectId('p1')),
  cluster: getValue(parseClusterKey('eu.prod')),
  clusterUid: 'u1',
  report: { displayName: 'pod', version: '1', position: 3, policyEtag: '"e"', staleForMs: 1, unshipped: 2, counters: { 'answers.allowed': 4 } },
  seenTime: TIME,
  ...over,
})

/** What every store promises of gates that stand alone. */
export function gatesContract(name: string, open: () => Promise<ContractStore>): void {
  suite(`${name}: gates`, () => {
    let store: ContractStore
    beforeEach(async () => {
      store = await open()
    })
    afterEach(() => store.close())

    test('a gate is found as it was put last, and counted once under its cluster', async () => {
      await store.changes.commit((tables) => tables.putGate(gate('a', { token: 't0' })))
      await store.changes.commit((tables) => tables.putGate(gate('a')))
      await store.changes.commit((tables) => tables.putGate(gate('b', { clusterUid: 'u2' })))
      assert.deepEqual(await store.changes.read(async (tables) => [await tables.findGate('a'), await tables.findGate('x')]), [gate('a'), undefined])
      assert.deepEqual(await store.changes.read(async (tables) => [await tables.countGates('u1'), await tables.countGates('u3')]), [1, 0])
    })

    test('those heard of since a time are listed, the newest first', async () => {
      await store.changes.commit(async (tables) => {
        await tables.putGate(gate('old', { seenTime: '2026-01-31T11:59:59.999999Z' }))
        await tables.putGate(gate('a'))
        await tables.putGate(gate('b', { seenTime: LATER }))
      })
      const listed = await store.changes.read((tables) => tables.listGates(TIME))
      assert.deepEqual(
        listed.map(({ writer }) => writer),
        ['b', 'a'],
      )
    })

    test('a writer has a chain once it has written', async () => {
      await store.changes.commit((tables) => recordChange(tables, 'p1'))
      const [writer] = await store.changes.read((tables) => tables.listWriters())
      const known = await store.changes.read(async (tables) => [await tables.hasChain(writer?.writer ?? ''), await tables.hasChain('gate-x')])
      assert.deepEqual(known, [true, false])
    })
  })
}
