import { type Kysely, sql } from 'kysely'

/** Gates that stand alone: tokens bound to a cluster, and whose each writer is. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

const STATEMENTS: readonly string[] = [
  'alter table token add column cluster text',
  `create table gate (writer text primary key, token text not null, project text not null, cluster text not null, cluster_uid text not null,
    report text not null, seen_time text not null)`,
  'create index gate_cluster on gate (cluster_uid, writer)',
  'create index gate_seen on gate (seen_time, writer)',
]
