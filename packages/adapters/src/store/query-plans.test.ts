import assert from 'node:assert/strict'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { test } from 'node:test'
import { type CompiledQuery, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely'
import { type ImageDigest, isImageDigest } from '@countersign/core/image/reference.ts'
import { attestor, cluster, DIGEST, exemption, note, occurrence, project, TIME } from '@countersign/service/testing/contract-store.ts'
import { makeTestSurroundings } from '@countersign/service/testing/surroundings.ts'
import type { Schema } from './schema.ts'
import { SqliteDriver } from './sqlite-driver.ts'
import { openStore } from './store.ts'
import { type AllTables, allTables } from './tables/all.ts'
import type { Database } from './tables/database.ts'
import { tempStore } from './testing/temp-store.ts'
import { loadBreakGlass } from './tables/break-glass.ts'
import { findAttestations } from './world-source.ts'

/*
 * A store of ten million rows must cost a look-up about what one of ten costs (DESIGN §9): every statement of a look-up or a page goes through an
 * index, in the index's order. The plan says so at any size.
 */
const P1 = project('p1').id
const NOTE = note('projects/p1/notes/n')
const PAGE = { pageSize: 10, after: '5' }
const A = attestor('projects/p1/attestors/a').attestor
const LOG_PAGE = { pageSize: 10, after: JSON.stringify([TIME, 'w', 1]) }

function digestOf(text: string): ImageDigest {
  if (!isImageDigest(text)) throw new Error(text)
  return text
}

const LOOK_UPS: Readonly<Record<string, (tables: AllTables, db: Database) => Promise<unknown>>> = {
  findToken: (tables) => tables.findToken('t'),
  findProject: (tables) => tables.findProject(P1),
  listProjects: (tables) => tables.listProjects(PAGE),
  findCluster: (tables) => tables.findCluster(P1, cluster('p1', 'eu.a').key),
  listClusters: (tables) => tables.listClusters(P1, PAGE),
  findPolicy: (tables) => tables.findPolicy(P1),
  findPolicyVersion: (tables) => tables.findPolicyVersion(P1, 'e'),
  policiesNaming: (tables) => tables.policiesNaming(A.name),
  findAttestor: (tables) => tables.findAttestor(A.name),
  findAttestorVersion: (tables) => tables.findAttestorVersion('u', 'e'),
  listAttestors: (tables) => tables.listAttestors(P1, PAGE),
  attestorsOfNote: (tables) => tables.attestorsOfNote(NOTE.name),
  attestorsWithKey: (tables) => tables.attestorsWithKey('k'),
  findExemption: (tables) => tables.findExemption(P1, exemption('p1', 'x').exemption.id),
  listExemptions: (tables) => tables.listExemptions(P1, PAGE),
  findBreakGlass: (tables) => tables.findBreakGlass(P1),
  findGrant: (tables) => tables.findGrant(P1, 'g'),
  listGrants: (tables) => tables.listGrants(P1, PAGE),
  'break-glass for a gate': (_, db) => loadBreakGlass(db, P1),
  findNote: (tables) => tables.findNote(NOTE.name),
  listNotes: (tables) => tables.listNotes(P1, PAGE),
  findOccurrence: (tables) => tables.findOccurrence(occurrence('projects/p1/occurrences/o', NOTE).name),
  findByContent: (tables) => tables.findByContent('u', 'h'),
  weighAttestations: (tables) => tables.weighAttestations('u', DIGEST),
  'listOccurrences of a project': (tables) => tables.listOccurrences({ project: P1 }, PAGE),
  'listOccurrences of a project and digest': (tables) => tables.listOccurrences({ project: P1, digest: DIGEST, kind: 'ATTESTATION' }, PAGE),
  'listOccurrences of a note': (tables) => tables.listOccurrences({ note: NOTE }, PAGE),
  'listOccurrences of a note and digest': (tables) => tables.listOccurrences({ note: NOTE, digest: DIGEST, kind: 'ATTESTATION' }, PAGE),
  'listAudit, newest first': (tables) => tables.listAudit({ project: P1, order: 'NEWEST_FIRST', from: TIME }, LOG_PAGE),
  'listAudit, oldest first': (tables) => tables.listAudit({ project: P1, order: 'OLDEST_FIRST', until: TIME }, LOG_PAGE),
  listChain: (tables) => tables.listChain('w', PAGE),
  listSegments: (tables) => tables.listSegments(PAGE),
  listHashes: (tables) => tables.listHashes({ writer: 'w', first: 1, last: 9 }),
  findGate: (tables) => tables.findGate('w'),
  countGates: (tables) => tables.countGates('u'),
  listGates: (tables) => tables.listGates(TIME),
  hasChain: (tables) => tables.hasChain('w'),
  findByReceipt: (tables) => tables.findByReceipt(P1, 'r'),
  'attestations for a gate': (_, db) => findAttestations(db, 'u', digestOf(DIGEST)),
}

test('every look-up and page goes through an index, in its order', async (t) => {
  const path = tempStore(t)
  await (await openStore({ path, surroundings: makeTestSurroundings() })).close()
  const database = new DatabaseSync(path, { readOnly: true })
  t.after(() => database.close())
  const asked: CompiledQuery[] = []
  const db = new Kysely<Schema>({
    dialect: {
      createDriver: () => new SqliteDriver([database], 'DEFERRED'),
      createQueryCompiler: () => new SqliteQueryCompiler(),
      createAdapter: () => new SqliteAdapter(),
      createIntrospector: (kysely) => new SqliteIntrospector(kysely),
    },
    log: ({ query }) => void asked.push(query),
  })
  const tables = allTables(db)
  for (const [name, lookUp] of Object.entries(LOOK_UPS)) {
    await lookUp(tables, db)
    for (const { sql, parameters } of asked.splice(0)) {
      const plan = database.prepare(`explain query plan ${sql}`).all(...(parameters as readonly SQLInputValue[]))
      const slow = plan.map(({ detail }) => String(detail)).filter((step) => /^SCAN (?!CONSTANT)|TEMP B-TREE/.test(step))
      assert.deepEqual(slow, [], `${name}: ${sql}`)
    }
  }
})
