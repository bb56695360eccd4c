import { type Kysely, sql } from 'kysely'

/** The first shape of the store. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

// Plain SQL that SQLite and PostgreSQL both read, but for the auto-numbered rows, which are numbered by the store itself.
const STATEMENTS: readonly string[] = [
  'create table meta (key text primary key, value text not null)',
  'create table project (id text primary key, uid text not null unique, number text not null unique, create_time text not null)',
  `create table cluster (project text not null references project (id) on delete cascade, key text not null, uid text not null unique,
    trust_domain text not null, segment text not null unique, create_time text not null, primary key (project, key))`,
  `create table policy (project text primary key references project (id) on delete cascade, etag text not null, update_time text not null, body text not null)`,
  'create table policy_version (project text not null, etag text not null, update_time text not null, body text not null, primary key (project, etag))',
  `create table policy_attestor (project text not null references project (id) on delete cascade, attestor text not null, uid text,
    primary key (project, attestor))`,
  'create index policy_attestor_attestor on policy_attestor (attestor, project)',
  `create table attestor (name text primary key, uid text not null unique, project text not null references project (id) on delete cascade,
    note text not null, etag text not null, update_time text not null, body text not null)`,
  'create index attestor_project on attestor (project, name)',
  'create index attestor_note on attestor (note, name)',
  `create table attestor_version (name text not null, uid text not null, project text not null, note text not null, etag text not null,
    update_time text not null, body text not null, primary key (uid, etag))`,
  `create table attestor_key (attestor text not null references attestor (name) on delete cascade, key_id text not null, primary key (attestor, key_id))`,
  'create index attestor_key_id on attestor_key (key_id, attestor)',
  `create table exemption (project text not null references project (id) on delete cascade, id text not null, create_time text not null,
    creator text not null, body text not null, primary key (project, id))`,
  `create table note (name text primary key, uid text not null unique, project text not null references project (id) on delete cascade, kind text not null,
    body text not null, etag text not null, create_time text not null, update_time text not null)`,
  'create index note_project on note (project, name)',
  `create table occurrence ("row" integer primary key, name text not null unique, project text not null references project (id) on delete cascade,
    kind text not null, note text not null, note_uid text not null, resource_uri text not null, digest text, content_hash text not null,
    body text not null, etag text not null, create_time text not null, update_time text not null, unique (note_uid, content_hash))`,
  'create index occurrence_note_digest on occurrence (note_uid, digest, "row")',
  'create index occurrence_note on occurrence (note_uid, "row")',
  'create index occurrence_project on occurrence (project, "row")',
  'create index occurrence_project_digest on occurrence (project, digest, "row")',
  `create table token (id text primary key, secret_hash text not null, display_name text not null, role text not null, project text,
    notes text not null, create_time text not null, expire_time text, revoke_time text)`,
  `create table feed (position integer primary key, project text not null, kind text not null, name text not null, etag text, operation text not null,
    note text, digest text)`,
  'create table feed_head (id integer primary key, position integer not null, last_occurrence integer not null)',
  'insert into feed_head (id, position, last_occurrence) values (1, 0, 0)',
  `create table audit (writer text not null, sequence integer not null, previous_hash text not null, hash text not null, canonical text not null,
    project text not null, time text not null, receipt_digest text, primary key (writer, sequence))`,
  'create index audit_project_time on audit (project, time, writer, sequence)',
  'create index audit_receipt on audit (project, receipt_digest)',
  'create table chain_head (writer text primary key, sequence integer not null, hash text not null)',
]
