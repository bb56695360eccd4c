import { isJsonObject } from '@countersign/core/json-object.ts'
import type { GateReport, GateTables, StoredGate } from '@countersign/service/gates/ports.ts'
import { bodyOf, clusterKey, damaged, projectId, textOf } from '../row.ts'
import type { Schema } from '../schema.ts'
import type { Database } from './database.ts'

const COLUMNS = ['writer', 'token', 'project', 'cluster', 'cluster_uid', 'report', 'seen_time'] as const
const MAX_LISTED = 1000

/** Gates that stand alone. */
export function gateTables(db: Database): GateTables {
  return {
    findGate: async (writer) => {
      const row = await db.selectFrom('gate').select(COLUMNS).where('writer', '=', writer).executeTakeFirst()
      return row && parseGate(row)
    },
    countGates: async (clusterUid) => {
      const { count } = await db
        .selectFrom('gate')
        .select((e) => e.fn.countAll<number>().as('count'))
        .where('cluster_uid', '=', clusterUid)
        .executeTakeFirstOrThrow()
      return Number(count)
    },
    listGates: async (seenSince) => {
      const rows = await db
        .selectFrom('gate')
        .select(COLUMNS)
        .where('seen_time', '>=', seenSince)
        .orderBy('seen_time', 'desc')
        .limit(MAX_LISTED)
        .execute()
      return rows.map(parseGate)
    },
    putGate: async ({ writer, token, project, cluster, clusterUid, report, seenTime }) => {
      const row = { token, project, cluster, cluster_uid: clusterUid, report: JSON.stringify(report), seen_time: seenTime }
      await db
        .insertInto('gate')
        .values({ writer, ...row })
        .onConflict((conflict) => conflict.column('writer').doUpdateSet(row))
        .execute()
    },
    hasChain: async (writer) => (await db.selectFrom('chain_head').select('writer').where('writer', '=', writer).executeTakeFirst()) !== undefined,
  }
}

function parseGate({ writer, token, project, cluster, cluster_uid, report, seen_time }: Schema['gate']): StoredGate {
  return {
    writer,
    token,
    project: projectId(project),
    cluster: clusterKey(cluster),
    clusterUid: cluster_uid,
    report: parseReport(bodyOf(report, writer), writer),
    seenTime: seen_time,
  }
}

function parseReport(tree: Readonly<Record<string, unknown>>, what: string): GateReport {
  const { counters } = tree
  if (!isJsonObject(counters)) throw damaged(what)
  return {
    displayName: textOf(tree['displayName'], what),
    version: textOf(tree['version'], what),
    position: numberOf(tree['position'], what),
    policyEtag: textOf(tree['policyEtag'], what),
    staleForMs: numberOf(tree['staleForMs'], what),
    unshipped: numberOf(tree['unshipped'], what),
    counters: Object.fromEntries(Object.entries(counters).map(([name, count]) => [name, numberOf(count, what)])),
  }
}

function numberOf(value: unknown, what: string): number {
  if (typeof value === 'number') return value
  throw damaged(what)
}
