import { sql } from 'kysely'
import type { LogTables } from '@countersign/service/audit/log-ports.ts'
import { numberKey, pageOf } from '../page.ts'
import type { Database } from './database.ts'

interface UnsealedRow {
  readonly writer: string
  readonly first: number
  readonly last: number
}

/** Which records stand in the Merkle log. */
export function logTables(db: Database): LogTables {
  return {
    listSegments: async (page) => {
      // The first leaf is 0, so the key of "nothing yet" lies before it.
      const after = page.after === undefined ? -1 : Number(page.after)
      const rows = await db
        .selectFrom('log_segment')
        .select(['start', 'writer', 'first', 'last'])
        .where('start', '>', Number.isSafeInteger(after) ? after : -1)
        .orderBy('start')
        .limit(page.pageSize + 1)
        .execute()
      return pageOf(rows, page, {
        keyOf: ({ start }) => numberKey(start),
        parse: ({ start, writer, first, last }) => ({ start, writer, first, last }),
      })
    },
    listUnsealed: async () => {
      const sealed = sql`coalesce((select max(s.last) from log_segment s where s.writer = h.writer), 0)`
      const { rows } = await sql<UnsealedRow>`select h.writer, ${sealed} + 1 as first, h.sequence as last from chain_head h
        where h.sequence > ${sealed} order by h.writer`.execute(db)
      return rows.map(({ writer, first, last }) => ({ writer, first, last }))
    },
    insertSegment: async ({ start, writer, first, last }) => {
      await db.insertInto('log_segment').values({ start, writer, first, last }).execute()
    },
    listHashes: async ({ writer, first, last }) => {
      const rows = await db
        .selectFrom('audit')
        .select('hash')
        .where('writer', '=', writer)
        .where('sequence', '>=', first)
        .where('sequence', '<=', last)
        .orderBy('sequence')
        .execute()
      return rows.map(({ hash }) => hash)
    },
  }
}
