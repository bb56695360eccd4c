import { type Kysely, sql } from 'kysely'

/** Who wrote each occurrence. Nobody knows it of those that are there already: no policy that asks for an identity believes them. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw('alter table occurrence add column writer text').execute(db)
}
