import { type ExpressionBuilder, sql } from 'kysely'
import type { NoteTables, OccurrenceQuery, OccurrenceTables, StoredNote, StoredOccurrence } from '@countersign/service/metadata/ports.ts'
import type { PageRequest } from '@countersign/service/changes/page.ts'
import { numberKey, pageOf, parseNumberKey } from '../page.ts'
import { noteName, occurrenceName, projectId } from '../row.ts'
import type { Schema } from '../schema.ts'
import type { Database } from './database.ts'

const NOTE_COLUMNS = ['name', 'uid', 'project', 'kind', 'body', 'etag', 'create_time', 'update_time'] as const

/** Notes. What hung on a note that is deleted hangs on nothing from then on: occurrences keep the note's uid, which never comes back. */
export function noteTables(db: Database): NoteTables {
  return {
    findNote: async (name) => {
      const row = await db.selectFrom('note').select(NOTE_COLUMNS).where('name', '=', name).executeTakeFirst()
      return row && parseNote(row)
    },
    listNotes: async (project, page) => {
      const rows = await db
        .selectFrom('note')
        .select(NOTE_COLUMNS)
        .where('project', '=', project)
        .where('name', '>', page.after ?? '')
        .orderBy('name')
        .limit(page.pageSize + 1)
        .execute()
      return pageOf(rows, page, { keyOf: ({ name }) => name, parse: parseNote })
    },
    insertNote: async ({ createTime, updateTime, ...note }) => {
      await db
        .insertInto('note')
        .values({ ...note, create_time: createTime, update_time: updateTime })
        .execute()
    },
    updateNote: async ({ name, body, etag, updateTime }) => {
      await db.updateTable('note').set({ body, etag, update_time: updateTime }).where('name', '=', name).execute()
    },
    deleteNote: async (name) => {
      await db.deleteFrom('note').where('name', '=', name).execute()
    },
  }
}

const OCCURRENCE_COLUMNS = [
  ...(['row', 'name', 'project', 'kind', 'note', 'note_uid', 'resource_uri', 'digest', 'content_hash'] as const),
  ...(['writer', 'body', 'etag', 'create_time', 'update_time'] as const),
]

/** Occurrences. */
export function occurrenceTables(db: Database): OccurrenceTables {
  return {
    findOccurrence: async (name) => {
      const row = await db.selectFrom('occurrence').select(OCCURRENCE_COLUMNS).where('name', '=', name).executeTakeFirst()
      return row && parseOccurrence(row)
    },
    findByContent: async (noteUid, hash) => {
      const row = await db
        .selectFrom('occurrence')
        .select(OCCURRENCE_COLUMNS)
        .where('note_uid', '=', noteUid)
        .where('content_hash', '=', hash)
        .executeTakeFirst()
      return row && parseOccurrence(row)
    },
    listOccurrences: async (query, page) => {
      const rows = await selectOccurrences(db, query, page)
      return pageOf(rows, page, { keyOf: ({ row }) => numberKey(row), parse: parseOccurrence })
    },
    weighAttestations: async (noteUid, digest, writer) => {
      const all = db.selectFrom('occurrence').where('note_uid', '=', noteUid).where('digest', '=', digest).where('kind', '=', 'ATTESTATION')
      const { count, bytes } = await (writer === undefined ? all : all.where('writer', '=', writer))
        .select((e) => [e.fn.countAll<number>().as('count'), sql<number>`coalesce(sum(octet_length(body)), 0)`.as('bytes')])
        .executeTakeFirstOrThrow()
      return { count: Number(count), bytes: Number(bytes) }
    },
    insertOccurrence: (occurrence) => insertOccurrence(db, occurrence),
    updateOccurrence: async ({ name, body, etag, updateTime, writer = null }) => {
      await db.updateTable('occurrence').set({ writer, body, etag, update_time: updateTime }).where('name', '=', name).execute()
    },
    deleteOccurrence: async (name) => {
      await db.deleteFrom('occurrence').where('name', '=', name).execute()
    },
  }
}

async function selectOccurrences(db: Database, { project, note, digest, resourceUri, kind }: OccurrenceQuery, page: PageRequest) {
  let query = db.selectFrom('occurrence').select(OCCURRENCE_COLUMNS).where('row', '>', parseNumberKey(page.after))
  if (project !== undefined) query = query.where('project', '=', project)
  if (note !== undefined) query = query.where('note_uid', '=', note.uid).where((e) => e.exists(stillThere(e, note)))
  if (digest !== undefined) query = query.where('digest', '=', digest)
  if (resourceUri !== undefined) query = query.where('resource_uri', '=', resourceUri)
  if (kind !== undefined) query = query.where('kind', '=', kind)
  return await query
    .orderBy('row')
    .limit(page.pageSize + 1)
    .execute()
}

/** A note that is gone has nothing hanging on it, whatever came under its name later. */
function stillThere(e: ExpressionBuilder<Schema, 'occurrence'>, { name, uid }: { readonly name: string; readonly uid: string }) {
  return e.selectFrom('note').select('note.uid').where('note.uid', '=', uid).where('note.name', '=', name)
}

/** Rows are numbered by a counter that never goes back, under the write path's lock: the order of creation on every engine, and a key for pages. */
async function insertOccurrence(db: Database, occurrence: StoredOccurrence): Promise<void> {
  const { noteUid, resourceUri, digest, contentHash, writer, createTime, updateTime, ...same } = occurrence
  const { last_occurrence: row } = await db
    .updateTable('feed_head')
    .set((e) => ({ last_occurrence: e('last_occurrence', '+', 1) }))
    .where('id', '=', 1)
    .returning('last_occurrence')
    .executeTakeFirstOrThrow()
  const named = { note_uid: noteUid, resource_uri: resourceUri, digest: digest ?? null, content_hash: contentHash, writer: writer ?? null }
  await db
    .insertInto('occurrence')
    .values({ ...same, ...named, row, create_time: createTime, update_time: updateTime })
    .execute()
}

function parseNote({ name, project, create_time, update_time, ...same }: Schema['note']): StoredNote {
  return { ...same, name: noteName(name), project: projectId(project), createTime: create_time, updateTime: update_time }
}

function parseOccurrence(row: Schema['occurrence']): StoredOccurrence {
  const { name, project, kind, note, note_uid, resource_uri, digest, content_hash, writer, body, etag, create_time, update_time } = row
  return {
    name: occurrenceName(name),
    project: projectId(project),
    kind,
    note: noteName(note),
    noteUid: note_uid,
    resourceUri: resource_uri,
    ...(digest === null ? {} : { digest }),
    contentHash: content_hash,
    ...(writer === null ? {} : { writer }),
    body,
    etag,
    createTime: create_time,
    updateTime: update_time,
  }
}
