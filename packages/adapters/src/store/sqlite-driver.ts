import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import type { CompiledQuery, DatabaseConnection, Driver, QueryResult } from 'kysely'
import { StatusError } from '@countersign/core/status.ts'
import { storeError } from './sqlite-error.ts'

/** How a transaction begins: IMMEDIATE takes the write lock before anything is read, DEFERRED takes a snapshot at the first read. */
export type BeginMode = 'IMMEDIATE' | 'DEFERRED'

const MAX_STATEMENTS = 300

/**
 * Kysely's driver over node:sqlite connections. Kysely's own begins deferred transactions, in which two writers can fail each other, knows one
 * connection, and compiles each statement anew. A connection serves one transaction or statement at a time; who finds none free waits in turn.
 */
export class SqliteDriver implements Driver {
  readonly #connections: readonly SqliteConnection[]
  readonly #begin: BeginMode
  readonly #idle: SqliteConnection[]
  readonly #waiting: ((connection: SqliteConnection) => void)[] = []
  #closed: PromiseWithResolvers<void> | undefined

  constructor(databases: readonly DatabaseSync[], begin: BeginMode) {
    this.#connections = databases.map((database) => new SqliteConnection(database))
    this.#begin = begin
    this.#idle = [...this.#connections]
  }

  async init(): Promise<void> {
    // The connections are open already.
  }

  async acquireConnection(): Promise<SqliteConnection> {
    if (this.#closed !== undefined) throw new StatusError('UNAVAILABLE', 'The store is closed')
    const idle = this.#idle.pop()
    return idle ?? (await new Promise<SqliteConnection>((resolve) => this.#waiting.push(resolve)))
  }

  async releaseConnection(connection: SqliteConnection): Promise<void> {
    const next = this.#waiting.shift()
    if (next !== undefined) return next(connection)
    this.#idle.push(connection)
    if (this.#idle.length === this.#connections.length) this.#closed?.resolve()
  }

  async beginTransaction(connection: SqliteConnection): Promise<void> {
    connection.execute(`begin ${this.#begin.toLowerCase()}`)
  }

  async commitTransaction(connection: SqliteConnection): Promise<void> {
    connection.execute('commit')
  }

  async rollbackTransaction(connection: SqliteConnection): Promise<void> {
    // A full disk makes SQLite roll back by itself.
    if (connection.isInTransaction) connection.execute('rollback')
  }

  /** Lets what has begun or waits come to its end, refuses what comes later, closes the connections. */
  async destroy(): Promise<void> {
    if (this.#closed !== undefined) return await this.#closed.promise
    this.#closed = Promise.withResolvers<void>()
    if (this.#idle.length === this.#connections.length) this.#closed.resolve()
    await this.#closed.promise
    for (const connection of this.#connections) connection.close()
  }
}

class SqliteConnection implements DatabaseConnection {
  readonly #database: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  get isInTransaction(): boolean {
    return this.#database.isTransaction
  }

  execute(text: string): void {
    try {
      this.#database.exec(text)
    } catch (error) {
      throw storeError(error)
    }
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    try {
      const statement = this.#prepare(sql)
      const values = parameters as readonly SQLInputValue[]
      if (statement.columns().length > 0) return { rows: statement.all(...values) as R[] }
      return { rows: [], numAffectedRows: BigInt(statement.run(...values).changes) }
    } catch (error) {
      throw storeError(error)
    }
  }

  async *streamQuery<R>(query: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    yield await this.executeQuery<R>(query)
  }

  close(): void {
    this.#statements.clear()
    this.#database.close()
  }

  #prepare(text: string): StatementSync {
    const known = this.#statements.get(text)
    if (known !== undefined) return known
    if (this.#statements.size >= MAX_STATEMENTS) this.#statements.clear()
    const statement = this.#database.prepare(text)
    this.#statements.set(text, statement)
    return statement
  }
}
