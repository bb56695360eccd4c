import { DatabaseSync } from 'node:sqlite'
import { Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely'
import type { Schema } from './schema.ts'
import { type BeginMode, SqliteDriver } from './sqlite-driver.ts'
import { createPrivately } from './private-file.ts'
import { storeError } from './sqlite-error.ts'

const BUSY_MS = 5000

/** An open database: what statements run on, and its end. */
export interface Sqlite {
  readonly db: Kysely<Schema>
  /** Waits for what has begun. Later statements are UNAVAILABLE. */
  close(): Promise<void>
}

/**
 * Opens the one writing connection: WAL, so that readers never wait; `synchronous=FULL`, so that what was committed survives a power loss; foreign
 * keys on; transactions take the write lock when they begin. A file that is made is readable by its owner alone, and so are the log files that SQLite
 * puts beside it.
 */
export function openWriting(path: string): Sqlite {
  if (path !== ':memory:') createPrivately(path)
  return overSqlite([open(path, { readOnly: false })], 'IMMEDIATE')
}

/** Opens connections that can only read, each transaction a view of one moment. A read that takes long does not hold up the others. */
export function openReading(path: string, connections: number): Sqlite {
  return overSqlite(
    Array.from({ length: connections }, () => open(path, { readOnly: true })),
    'DEFERRED',
  )
}

function open(path: string, { readOnly }: { readonly readOnly: boolean }): DatabaseSync {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(path, { readOnly, timeout: BUSY_MS, enableForeignKeyConstraints: true })
    if (!readOnly) database.exec('pragma journal_mode=wal; pragma synchronous=full')
    return database
  } catch (error) {
    database?.close()
    throw storeError(error)
  }
}

/** Kysely over node:sqlite: the same statements will run on PostgreSQL. */
function overSqlite(databases: readonly DatabaseSync[], begin: BeginMode): Sqlite {
  const driver = new SqliteDriver(databases, begin)
  const db = new Kysely<Schema>({
    dialect: {
      createDriver: () => driver,
      createQueryCompiler: () => new SqliteQueryCompiler(),
      createAdapter: () => new PooledSqliteAdapter(),
      createIntrospector: (kysely) => new SqliteIntrospector(kysely),
    },
  })
  return { db, close: () => driver.destroy() }
}

/** The driver gives each transaction its own connection, and a migration is one transaction: half of one is never seen. */
class PooledSqliteAdapter extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true
  }

  override get supportsTransactionalDdl(): boolean {
    return true
  }
}
