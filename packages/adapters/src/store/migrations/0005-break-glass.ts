import { type Kysely, sql } from 'kysely'

/** Break-glass: who may, by project, and grants of tokens. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

const STATEMENTS: readonly string[] = [
  `create table break_glass (project text primary key references project (id) on delete cascade, etag text not null, update_time text not null,
    body text not null, public_key text not null, private_key text not null)`,
  `create table break_glass_grant (project text not null references project (id) on delete cascade, id text not null, revoked integer not null,
    body text not null, primary key (project, id))`,
  'create index break_glass_grant_revoked on break_glass_grant (project, revoked, id)',
]
