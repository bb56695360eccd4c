import type { Kysely } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import { StatusError } from '@countersign/core/status.ts'
import { MIGRATIONS } from './migrations/all.ts'
import type { Schema } from './schema.ts'

/** Brings the store to the shape that this version knows, or not at all: one transaction. Refuses one that a newer version made. */
export async function migrate(db: Kysely<Schema>, migrations: Readonly<Record<string, Migration>> = MIGRATIONS): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => ({ ...migrations }) } })
  const { error } = await migrator.migrateToLatest()
  if (error === undefined) return
  if (error instanceof StatusError) throw error
  const isNewer = error instanceof Error && /previously executed migration .* is missing/.test(error.message)
  if (isNewer)
    throw new StatusError('FAILED_PRECONDITION', 'Cannot use the store: a newer version of Countersign made it; start that version', { cause: error })
  throw new StatusError('FAILED_PRECONDITION', 'Cannot bring the store to this version', { cause: error })
}
