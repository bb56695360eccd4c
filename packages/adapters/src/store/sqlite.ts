import { chmodSync } from 'node:fs'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { Kysely, SqliteDialect } from 'kysely'
import { StatusError } from '@countersign/core/status.ts'
import type { Schema } from './schema.ts'

const BUSY_MS = 5000

/** How a database is opened. */
export interface SqliteOptions {
  readonly path: string
  readonly access: 'WRITE' | 'READ'
}

/**
 * Opens an SQLite file: WAL, so that readers never wait; `synchronous=FULL`, so that what was committed survives a power loss; foreign keys on. The file
 * is readable by its owner alone.
 */
export function openSqlite({ path, access }: SqliteOptions): DatabaseSync {
  const db = new DatabaseSync(path, { readOnly: access === 'READ', timeout: BUSY_MS, enableForeignKeyConstraints: true })
  if (access === 'WRITE') {
    if (path !== ':memory:') chmodSync(path, 0o600)
    db.exec('pragma journal_mode=wal')
    db.exec('pragma synchronous=full')
  }
  return db
}

/** Kysely over node:sqlite: the same statements will run on PostgreSQL. */
export function overSqlite(db: DatabaseSync): Kysely<Schema> {
  return new Kysely<Schema>({
    dialect: new SqliteDialect({
      database: {
        close: () => db.close(),
        prepare: (text) => {
          const statement = db.prepare(text)
          return {
            reader: statement.columns().length > 0,
            all: (parameters) => statement.all(...(parameters as SQLInputValue[])),
            run: (parameters) => statement.run(...(parameters as SQLInputValue[])),
            iterate: (parameters) => statement.iterate(...(parameters as SQLInputValue[])),
          }
        },
      },
    }),
  })
}

const UNIQUE = 2067
const PRIMARY_KEY = 1555

/** What a failed statement is to the caller: a broken rule of uniqueness, or a store that cannot be used now. */
export function storeError(error: unknown): StatusError {
  if (error instanceof StatusError) return error
  const code = error instanceof Error && 'errcode' in error ? error.errcode : undefined
  if (code === UNIQUE || code === PRIMARY_KEY) return new StatusError('ALREADY_EXISTS', 'The resource already exists', { cause: error })
  if (code !== undefined || isClosed(error)) return new StatusError('UNAVAILABLE', 'The store cannot be used now', { cause: error })
  return new StatusError('INTERNAL', 'Internal error', { cause: error })
}

function isClosed(error: unknown): boolean {
  return error instanceof Error && /driver has already been destroyed|database is not open/.test(error.message)
}
