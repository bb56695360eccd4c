import type { NoteName } from '@countersign/core/name/resource-name.ts'
import type { Role, StoredToken, TokenTables } from '@countersign/service/access/ports.ts'
import { clusterKey, damaged, noteName, projectId } from '../row.ts'
import type { Schema } from '../schema.ts'
import type { Database } from './database.ts'

const COLUMNS = ['id', 'secret_hash', 'display_name', 'role', 'project', 'notes', 'cluster', 'create_time', 'expire_time', 'revoke_time'] as const

/** API tokens. */
export function tokenTables(db: Database): TokenTables {
  return {
    findToken: async (id) => {
      const row = await db.selectFrom('token').select(COLUMNS).where('id', '=', id).executeTakeFirst()
      return row && parseToken(row)
    },
    listTokens: async () => (await db.selectFrom('token').select(COLUMNS).orderBy('create_time').orderBy('id').execute()).map(parseToken),
    insertToken: async ({ id, secretHash, displayName, role, project, notes, cluster, createTime, expireTime, revokeTime }) => {
      const times = { create_time: createTime, expire_time: expireTime ?? null, revoke_time: revokeTime ?? null }
      const said = { id, secret_hash: secretHash, display_name: displayName, role }
      const bounds = { project: project ?? null, notes: JSON.stringify(notes), cluster: cluster ?? null }
      await db
        .insertInto('token')
        .values({ ...said, ...bounds, ...times })
        .execute()
    },
    revokeToken: async (id, time) => {
      await db.updateTable('token').set({ revoke_time: time }).where('id', '=', id).execute()
    },
  }
}

function parseToken({ id, secret_hash, display_name, role, project, notes, cluster, ...times }: Schema['token']): StoredToken {
  const { create_time, expire_time, revoke_time } = times
  return {
    id,
    secretHash: secret_hash,
    displayName: display_name,
    role: parseRole(role, id),
    notes: parseNotes(notes, id),
    createTime: create_time,
    ...(project === null ? {} : { project: projectId(project) }),
    ...(cluster === null ? {} : { cluster: clusterKey(cluster) }),
    ...(expire_time === null ? {} : { expireTime: expire_time }),
    ...(revoke_time === null ? {} : { revokeTime: revoke_time }),
  }
}

function parseRole(text: string, id: string): Role {
  if (text === 'admin' || text === 'attestor' || text === 'viewer' || text === 'gate') return text
  throw damaged(`token ${id}`)
}

function parseNotes(text: string, id: string): readonly NoteName[] {
  const notes: unknown = JSON.parse(text)
  if (Array.isArray(notes) && notes.every((note) => typeof note === 'string')) return notes.map(noteName)
  throw damaged(`token ${id}`)
}
