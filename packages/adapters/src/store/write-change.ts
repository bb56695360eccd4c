import { formatCanonicalJson } from '@countersign/evidence/record/canonical-json.ts'
import { appendToChain, type ChainHead, type ChainLink, EMPTY_CHAIN } from '@countersign/evidence/record/chain.ts'
import type { Change, ChangeRecord } from '@countersign/service/changes/change.ts'
import type { Database } from './tables/database.ts'

/** What writes: the chain's name. */
export interface Writer {
  readonly writer: string
}

/**
 * Takes the one lock of the write path before anything is read: the head row of the feed, held until commit. So positions are taken in commit order, and
 * two servers on one database cannot both believe that they read the latest.
 */
export async function lockFeed(db: Database): Promise<void> {
  await db
    .updateTable('feed_head')
    .set((e) => ({ position: e.ref('position') }))
    .where('id', '=', 1)
    .execute()
}

/** Appends a change to the feed and its record to the server's chain; gives the feed position. */
export async function writeChange(
  db: Database,
  writer: Writer,
  { change, record }: { readonly change: Change; readonly record: ChangeRecord },
): Promise<number> {
  const { position } = await db
    .updateTable('feed_head')
    .set((e) => ({ position: e('position', '+', 1) }))
    .where('id', '=', 1)
    .returning('position')
    .executeTakeFirstOrThrow()
  const { project, kind, name, operation, etag = null, note = null, digest = null } = change
  await db.insertInto('feed').values({ position, project, kind, name, operation, etag, note, digest }).execute()
  await appendRecord(db, writer, record)
  return position
}

/** The record is the change itself; its log entry is made when somebody reads the log (docs/decisions/0006). */
async function appendRecord(db: Database, { writer }: Writer, record: ChangeRecord): Promise<void> {
  const canonical = formatCanonicalJson(record)
  const link = appendToChain(writer, await readHead(db, writer), canonical)
  await db
    .insertInto('audit')
    .values(auditRow(writer, link, { project: record.project, time: record.time, receiptDigest: null }))
    .execute()
  await writeHead(db, writer, link)
}

/** A chain link as a row. */
export function auditRow(
  writer: string,
  { sequence, previousHash, hash, canonical }: ChainLink,
  found: { readonly project: string; readonly time: string; readonly receiptDigest: string | null },
) {
  return {
    writer,
    sequence,
    previous_hash: previousHash,
    hash,
    canonical,
    project: found.project,
    time: found.time,
    receipt_digest: found.receiptDigest,
  }
}

/** The last record of a writer's chain. */
export async function readHead(db: Database, writer: string): Promise<ChainHead> {
  return (await db.selectFrom('chain_head').select(['sequence', 'hash']).where('writer', '=', writer).executeTakeFirst()) ?? EMPTY_CHAIN
}

export async function writeHead(db: Database, writer: string, { sequence, hash }: ChainHead): Promise<void> {
  await db
    .insertInto('chain_head')
    .values({ writer, sequence, hash })
    .onConflict((conflict) => conflict.column('writer').doUpdateSet({ sequence, hash }))
    .execute()
}
