import { type Kysely, sql } from 'kysely'

/** The Merkle log: which records of which chain stand where in it. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

const STATEMENTS: readonly string[] = [
  'create table log_segment (start integer primary key, writer text not null, first integer not null, last integer not null)',
  'create unique index log_segment_writer on log_segment (writer, last)',
]
