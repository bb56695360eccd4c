import type { Kysely } from 'kysely'
import type { ChainRecord, DecisionSink } from '@countersign/service/audit/ports.ts'
import type { ChangedKind, ChangeOperation, Changes, ChangeWriter, Feed, FeedRow, Surroundings } from '@countersign/service/changes/change.ts'
import { acceptDecisions } from './accept-decisions.ts'
import { lockStore } from './lock.ts'
import { migrate } from './migrate.ts'
import { projectId } from './row.ts'
import type { Schema } from './schema.ts'
import { openReading, openWriting, type Sqlite } from './sqlite.ts'
import { type AllTables, allTables } from './tables/all.ts'
import { lockFeed, writeChange, type Writer } from './write-change.ts'

/** Reads that may run at once; one that waits for something else does not hold up the others. */
const READERS = 3

export interface StoreOptions {
  /** A file on a local disk, or `:memory:`. */
  readonly path: string
  readonly surroundings: Pick<Surroundings, 'uuid'>
  /** Called after a change was committed, before its caller is answered: a gate is woken here. */
  readonly onCommit?: (position: number) => Promise<void>
}

/** The store on SQLite: one file, one writer at a time, readers that never wait for it. */
export interface Store extends DecisionSink {
  readonly changes: Changes<AllTables>
  readonly feed: Feed
  close(): Promise<void>
}

/** Opens the store, brings it to this version. FAILED_PRECONDITION where another server uses it or a newer version made it. */
export async function openStore(options: StoreOptions): Promise<Store> {
  const lock = lockStore(options.path)
  const opened: Sqlite[] = []
  try {
    const writing = openWriting(options.path)
    opened.push(writing)
    await migrate(writing.db)
    const writer = await openWriter(writing.db, options)
    // A database in memory is its connection: there is no second one to read through.
    const reading = options.path === ':memory:' ? writing : openReading(options.path, READERS)
    return makeStore({ writing, reading }, writer, { ...options, release: lock.release })
  } catch (error) {
    for (const sqlite of opened) await sqlite.close()
    lock.release()
    throw error
  }
}

/** The server's own chain is named in the store, so that it goes on after a restart. */
async function openWriter(db: Kysely<Schema>, { surroundings }: StoreOptions): Promise<Writer> {
  await db
    .insertInto('meta')
    .values({ key: 'writer', value: `server-${surroundings.uuid()}` })
    .onConflict((conflict) => conflict.column('key').doNothing())
    .execute()
  const { value } = await db.selectFrom('meta').select('value').where('key', '=', 'writer').executeTakeFirstOrThrow()
  return { writer: value }
}

interface Connections {
  readonly writing: Sqlite
  readonly reading: Sqlite
}

function makeStore({ writing, reading }: Connections, writer: Writer, options: StoreOptions & { readonly release: () => void }): Store {
  const inTransaction = <R>(work: (tables: AllTables & ChangeWriter) => Promise<R>, seen: { position: number }): Promise<R> =>
    writing.db.transaction().execute(async (db) => {
      await lockFeed(db)
      const recordChange: ChangeWriter['recordChange'] = async (change, record) => {
        seen.position = await writeChange(db, writer, { change, record })
        return seen.position
      }
      return await work({ ...allTables(db), recordChange })
    })
  return {
    changes: {
      read: (work) => reading.db.transaction().execute((db) => work(allTables(db))),
      commit: async (work) => {
        const seen = { position: 0 }
        const result = await inTransaction(work, seen)
        if (seen.position > 0) await options.onCommit?.(seen.position)
        return result
      },
    },
    feed: feedOf(reading.db),
    acceptDecisions: (name: string, records: readonly ChainRecord[]) => writing.db.transaction().execute((db) => acceptDecisions(db, name, records)),
    close: async () => {
      await reading.close()
      await writing.close()
      options.release()
    },
  }
}

const FEED_COLUMNS = ['position', 'project', 'kind', 'name', 'etag', 'operation', 'note', 'digest'] as const

function feedOf(db: Kysely<Schema>): Feed {
  return {
    after: async (position, limit) => {
      const rows = await db.selectFrom('feed').select(FEED_COLUMNS).where('position', '>', position).orderBy('position').limit(limit).execute()
      return rows.map(parseFeedRow)
    },
    head: async () => (await db.selectFrom('feed_head').select('position').where('id', '=', 1).executeTakeFirstOrThrow()).position,
  }
}

function parseFeedRow({ position, project, kind, name, etag, operation, note, digest }: Schema['feed']): FeedRow {
  return {
    position,
    project: projectId(project),
    kind: kind as ChangedKind,
    name,
    operation: operation as ChangeOperation,
    ...(etag === null ? {} : { etag }),
    ...(note === null ? {} : { note }),
    ...(digest === null ? {} : { digest }),
  }
}
