import { projectOf } from '@countersign/core/name/resource-name.ts'
import type { AttestorTables, StoredAttestor } from '@countersign/service/policy/ports.ts'
import { pageOf } from '../page.ts'
import { projectId } from '../row.ts'
import type { Database } from './database.ts'
import { parseAttestor } from './stored-attestor.ts'

/** The columns of an attestor, with their table's name because they are joined. */
export const ATTESTOR_COLUMNS = [
  'attestor.name',
  'attestor.uid',
  'attestor.project',
  'attestor.note',
  'attestor.etag',
  'attestor.update_time',
  'attestor.body',
] as const

/** Attestors: the current version of each, and every version that ever was. */
export function attestorTables(db: Database): AttestorTables {
  return {
    findAttestor: async (name) => {
      const row = await db.selectFrom('attestor').select(ATTESTOR_COLUMNS).where('name', '=', name).executeTakeFirst()
      return row && parseAttestor(row)
    },
    findNamedAttestor: async (project, name) => {
      const row = await db
        .selectFrom('policy_attestor')
        .innerJoin('attestor', 'attestor.uid', 'policy_attestor.uid')
        .select(ATTESTOR_COLUMNS)
        .where('policy_attestor.project', '=', project)
        .where('policy_attestor.attestor', '=', name)
        .executeTakeFirst()
      return row && parseAttestor(row)
    },
    findAttestorVersion: async (uid, etag) => {
      const columns = ['name', 'uid', 'project', 'note', 'etag', 'update_time', 'body'] as const
      const row = await db.selectFrom('attestor_version').select(columns).where('uid', '=', uid).where('etag', '=', etag).executeTakeFirst()
      return row && parseAttestor(row)
    },
    listAttestors: async (project, page) => {
      const rows = await db
        .selectFrom('attestor')
        .select(ATTESTOR_COLUMNS)
        .where('project', '=', project)
        .where('name', '>', page.after ?? '')
        .orderBy('name')
        .limit(page.pageSize + 1)
        .execute()
      return pageOf(rows, page, { keyOf: ({ name }) => name, parse: parseAttestor })
    },
    putAttestor: (stored) => putAttestor(db, stored),
    deleteAttestor: async (name) => {
      await db.deleteFrom('attestor').where('name', '=', name).execute()
    },
    attestorsOfNote: async (note) => {
      const rows = await db.selectFrom('attestor').select(ATTESTOR_COLUMNS).where('note', '=', note).orderBy('name').execute()
      return rows.map(parseAttestor)
    },
    attestorsWithKey: async (keyId) => {
      const rows = await db
        .selectFrom('attestor_key')
        .innerJoin('attestor', 'attestor.name', 'attestor_key.attestor')
        .select(ATTESTOR_COLUMNS)
        .where('attestor_key.key_id', '=', keyId)
        .orderBy('attestor_key.attestor')
        .execute()
      return rows.map(parseAttestor)
    },
    policiesNaming: async (attestor) => {
      const rows = await db.selectFrom('policy_attestor').select('project').where('attestor', '=', attestor).orderBy('project').execute()
      return rows.map(({ project }) => projectId(project))
    },
  }
}

async function putAttestor(db: Database, { attestor, etag, updateTime }: StoredAttestor): Promise<void> {
  const { name, uid, note } = attestor
  const row = { name, uid, project: projectOf(name), note, etag, update_time: updateTime, body: JSON.stringify(attestor) }
  const { name: _, ...written } = row
  await db
    .insertInto('attestor')
    .values(row)
    .onConflict((conflict) => conflict.column('name').doUpdateSet(written))
    .execute()
  await db.insertInto('attestor_version').values(row).execute()
  await db.deleteFrom('attestor_key').where('attestor', '=', name).execute()
  const keyIds = new Set(attestor.publicKeys.map(({ id }) => id))
  for (const id of keyIds) await db.insertInto('attestor_key').values({ attestor: name, key_id: id }).execute()
}
