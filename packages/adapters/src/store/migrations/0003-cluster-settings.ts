import { type Kysely, sql } from 'kysely'

/** What is asked about for a cluster beside its Pods, as JSON. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw("alter table cluster add column settings text not null default '{}'").execute(db)
}
