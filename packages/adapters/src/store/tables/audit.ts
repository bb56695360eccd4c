import { StatusError } from '@countersign/core/status.ts'
import type { AuditQuery, AuditRow, AuditTables } from '@countersign/service/audit/ports.ts'
import type { PageRequest } from '@countersign/service/changes/page.ts'
import { numberKey, pageOf, parseNumberKey } from '../page.ts'
import { projectId } from '../row.ts'
import type { Schema } from '../schema.ts'
import type { Database } from './database.ts'

const COLUMNS = ['writer', 'sequence', 'previous_hash', 'hash', 'canonical', 'project', 'time', 'receipt_digest'] as const

/** The log: read only, what is in it is written with the change or by `acceptDecisions`. */
export function auditTables(db: Database): AuditTables {
  return {
    listAudit: async (query, page) => {
      const rows = await selectAudit(db, query, page)
      return pageOf(rows, page, { keyOf: ({ time, writer, sequence }) => JSON.stringify([time, writer, sequence]), parse: parseAuditRow })
    },
    listChain: async (writer, page) => {
      const rows = await db
        .selectFrom('audit')
        .select(COLUMNS)
        .where('writer', '=', writer)
        .where('sequence', '>', parseNumberKey(page.after))
        .orderBy('sequence')
        .limit(page.pageSize + 1)
        .execute()
      return pageOf(rows, page, { keyOf: ({ sequence }) => numberKey(sequence), parse: parseAuditRow })
    },
    listWriters: async () => {
      const heads = await db.selectFrom('chain_head').select(['writer', 'sequence', 'hash']).orderBy('writer').execute()
      return heads.map(({ writer, sequence, hash }) => ({ writer, sequence, hash }))
    },
    findByReceipt: async (project, receiptDigest) => {
      const found = db.selectFrom('audit').select(COLUMNS).where('project', '=', project).where('receipt_digest', '=', receiptDigest)
      const row = await found.orderBy('time').limit(1).executeTakeFirst()
      return row && parseAuditRow(row)
    },
  }
}

type Place = readonly [time: string, writer: string, sequence: number]

/** One project's rows in the order of (time, writer, sequence), either way: a key that never changes, so pages are stable under writes. */
async function selectAudit(db: Database, { project, order, from, until }: AuditQuery, page: PageRequest) {
  const oldest = order === 'OLDEST_FIRST'
  const direction = oldest ? 'asc' : 'desc'
  const beyond = oldest ? '>' : '<'
  const after = parsePlace(page.after)
  let query = db.selectFrom('audit').select(COLUMNS).where('project', '=', project)
  if (from !== undefined) query = query.where('time', '>=', from)
  if (until !== undefined) query = query.where('time', '<', until)
  if (after !== undefined) query = query.where((e) => e(e.refTuple('time', 'writer', 'sequence'), beyond, e.tuple(...after)))
  return await query
    .orderBy('time', direction)
    .orderBy('writer', direction)
    .orderBy('sequence', direction)
    .limit(page.pageSize + 1)
    .execute()
}

function parsePlace(key: string | undefined): Place | undefined {
  if (key === undefined) return undefined
  const [time, writer, sequence]: readonly unknown[] = JSON.parse(key)
  if (typeof time === 'string' && typeof writer === 'string' && typeof sequence === 'number') return [time, writer, sequence]
  throw new StatusError('INVALID_ARGUMENT', 'page key is not valid: expected one that this list gave')
}

function parseAuditRow({ writer, sequence, previous_hash, hash, canonical, project, time, receipt_digest }: Schema['audit']): AuditRow {
  return {
    writer,
    sequence,
    previousHash: previous_hash,
    hash,
    canonical,
    project: projectId(project),
    time,
    ...(receipt_digest === null ? {} : { receiptDigest: receipt_digest }),
  }
}
