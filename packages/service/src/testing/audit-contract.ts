import assert from 'node:assert/strict'
import { afterEach, beforeEach, suite, test } from 'node:test'
import { formatCanonicalJson } from '@countersign/evidence/record/canonical-json.ts'
import { appendToChain, type ChainHead, EMPTY_CHAIN } from '@countersign/evidence/record/chain.ts'
import type { AuditQuery, AuditRow, DecisionSink } from '../audit/ports.ts'
import { type ContractStore, project, readAll, recordChange } from './contract-store.ts'
import { refusalOf } from './thrown.ts'

const P1 = project('p1').id
const GATE = 'gate-1'
const timeOf = (second: number): string => `2026-01-31T12:00:${String(second).padStart(2, '0')}.000000Z`

/** What every store promises of the log: changes and decisions in the order of time, chains whole, each record once. */
export function auditContract(name: string, open: () => Promise<ContractStore & DecisionSink>): void {
  suite(`${name}: audit`, () => {
    let store: ContractStore & DecisionSink
    beforeEach(async () => {
      store = await open()
    })
    afterEach(() => store.close())

    const sequencesOf = async (): Promise<readonly number[]> => {
      const rows = await store.changes.read((tables) => readAll((page) => tables.listChain(GATE, page), 2))
      return rows.map(({ sequence }) => sequence)
    }
    const timesOf = async (query: Partial<AuditQuery>): Promise<readonly string[]> => {
      const asked: AuditQuery = { project: P1, order: 'OLDEST_FIRST', ...query }
      const rows = await store.changes.read((tables) => readAll((page) => tables.listAudit(asked, page), 2))
      return rows.map(({ time }) => time)
    }

    test('decisions come back as they were shipped', async () => {
      const rows = chainOf(3)
      assert.equal(await store.acceptDecisions(GATE, rows), 3)
      assert.deepEqual(await store.changes.read((tables) => readAll((page) => tables.listChain(GATE, page), 2)), rows)
      const last = rows.at(-1)
      assert.deepEqual(await store.changes.read((tables) => tables.listWriters()), [{ writer: GATE, sequence: 3, hash: last?.hash }])
      assert.deepEqual(await store.changes.read((tables) => tables.findByReceipt(P1, 'receipt-2')), rows[1])
      assert.equal(await store.changes.read((tables) => tables.findByReceipt(project('p2').id, 'receipt-2')), undefined)
    })

    test('what is shipped twice is kept once; behind a gap nothing counts as stored', async () => {
      const [one, two, three, four] = chainOf(4)
      assert(one && two && three && four)
      assert.equal(await store.acceptDecisions(GATE, [one, two, four]), 2)
      assert.equal(await store.acceptDecisions(GATE, [one, two]), 2)
      assert.equal(await store.acceptDecisions(GATE, [two, three, four]), 4)
      assert.equal(await store.acceptDecisions(GATE, []), 4)
      assert.deepEqual(await sequencesOf(), [1, 2, 3, 4])
    })

    test('two shipments at once are kept once', async () => {
      const rows = chainOf(50)
      assert.deepEqual(await Promise.all([1, 2, 3].map(() => store.acceptDecisions(GATE, rows))), [50, 50, 50])
      assert.equal((await sequencesOf()).length, 50)
    })

    test('a record that does not continue its writer’s chain is DATA_LOSS, and nothing of its shipment is kept', async () => {
      const [one, two, three] = chainOf(3)
      assert(one && two && three)
      const forged = { ...three, canonical: two.canonical }
      assert.equal((await refusalOf(store.acceptDecisions(GATE, [one, two, forged]))).code, 'DATA_LOSS')
      assert.deepEqual(await sequencesOf(), [])
    })

    test('another record in a place that is taken is DATA_LOSS: a gate with an old disk never loses what it decided since', async () => {
      const rows = chainOf(3)
      await store.acceptDecisions(GATE, rows)
      const [one, ...forked] = chainOf(3, GATE, 'forked')
      assert(one && rows[0])
      assert.equal((await refusalOf(store.acceptDecisions(GATE, [one]))).code, 'DATA_LOSS')
      assert.equal((await refusalOf(store.acceptDecisions(GATE, [rows[0], ...forked, ...rows.slice(1)]))).code, 'DATA_LOSS')
      assert.deepEqual(await sequencesOf(), [1, 2, 3])
    })

    test('a record is filed under what its hashed text says, whatever stands beside it', async () => {
      const [row] = chainOf(1)
      assert(row)
      const misfiled: AuditRow = { ...row, project: project('p2').id, time: timeOf(9), receiptDigest: 'another' }
      await store.acceptDecisions(GATE, [misfiled])
      assert.deepEqual(await store.changes.read((tables) => readAll((page) => tables.listChain(GATE, page), 2)), [row])
    })

    test('a record that does not say whose decision it is is DATA_LOSS', async () => {
      for (const canonical of ['{"decision":1}', '[]', 'null', '{', '{"receipt":{"request":{"project":"p1"}},"receiptDigest":1,"timestamp":"x"}']) {
        const record = { writer: GATE, ...appendToChain(GATE, EMPTY_CHAIN, canonical) }
        assert.equal((await refusalOf(store.acceptDecisions(GATE, [record]))).code, 'DATA_LOSS', canonical)
      }
    })

    test('writers have chains of their own', async () => {
      await store.acceptDecisions(GATE, chainOf(2))
      await store.acceptDecisions('gate-2', chainOf(1, 'gate-2'))
      await store.changes.commit((tables) => recordChange(tables, 'p1'))
      const heads = await store.changes.read((tables) => tables.listWriters())
      assert.deepEqual(
        heads.map(({ sequence }) => sequence).sort((one, other) => one - other),
        [1, 1, 2],
      )
    })

    test('the log is in the order of time either way, changes and decisions together, within its window', async () => {
      await store.acceptDecisions(GATE, chainOf(3))
      await store.changes.commit((tables) => recordChange(tables, 'p1', timeOf(2)))
      await store.changes.commit((tables) => recordChange(tables, 'p12', timeOf(2)))
      assert.deepEqual(await timesOf({}), [1, 2, 2, 3].map(timeOf))
      assert.deepEqual(await timesOf({ order: 'NEWEST_FIRST' }), [3, 2, 2, 1].map(timeOf))
      assert.deepEqual(await timesOf({ from: timeOf(2), until: timeOf(3) }), [2, 2].map(timeOf))
    })

    test('a page of the log goes on behind its last record, though older and newer ones come', async () => {
      const rows = chainOf(6)
      await store.acceptDecisions(GATE, rows.slice(0, 4))
      const query: AuditQuery = { project: P1, order: 'NEWEST_FIRST' }
      const { next } = await store.changes.read((tables) => tables.listAudit(query, { pageSize: 2 }))
      assert(next !== undefined)
      await store.acceptDecisions(GATE, rows)
      const rest = await store.changes.read((tables) => tables.listAudit(query, { pageSize: 9, after: next }))
      assert.deepEqual(
        rest.items.map(({ time }) => time),
        [2, 1].map(timeOf),
      )
    })
  })
}

/** The records that a gate would ship: one a second. */
function chainOf(length: number, writer = GATE, mark = 'receipt'): readonly AuditRow[] {
  let head: ChainHead = EMPTY_CHAIN
  return Array.from({ length }, (_, index) => {
    const [time, receiptDigest] = [timeOf(index + 1), `${mark}-${index + 1}`]
    const record = { receipt: { request: { project: P1 } }, receiptDigest, timestamp: time }
    const link = appendToChain(writer, head, formatCanonicalJson(record))
    head = link
    return { writer, ...link, project: P1, time, receiptDigest }
  })
}
