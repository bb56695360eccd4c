import type { Kysely, Transaction } from 'kysely'
import type { Schema } from '../schema.ts'

/** A connection or a transaction on it: what the tables run their statements on. */
export type Database = Kysely<Schema> | Transaction<Schema>
