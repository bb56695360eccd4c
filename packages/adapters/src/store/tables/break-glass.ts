import { parseBreakGlassRequest } from '@countersign/core/break-glass/request.ts'
import { parseBreakGlassSettings } from '@countersign/core/break-glass/settings.ts'
import { isJsonObject } from '@countersign/core/json-object.ts'
import type { ProjectId } from '@countersign/core/name/resource-name.ts'
import type { BreakGlassWorld } from '@countersign/gate/ports.ts'
import type { BreakGlassTables, StoredBreakGlass, StoredGrant } from '@countersign/service/break-glass/ports.ts'
import { sql } from 'kysely'
import { pageOf } from '../page.ts'
import { bodyOf, damaged, projectId, sound, textOf } from '../row.ts'
import type { Schema } from '../schema.ts'
import type { Database } from './database.ts'

const COLUMNS = ['project', 'etag', 'update_time', 'body', 'public_key', 'private_key'] as const
const GRANT_COLUMNS = ['project', 'id', 'revoked', 'body'] as const

/** Break-glass settings and grants. */
export function breakGlassTables(db: Database): BreakGlassTables {
  return {
    findBreakGlass: async (project) => {
      const row = await db.selectFrom('break_glass').select(COLUMNS).where('project', '=', project).executeTakeFirst()
      return row && parseStored(row)
    },
    putBreakGlass: async ({ project, settings, etag, updateTime, publicKey, privateKey }) => {
      const keys = { public_key: publicKey, private_key: privateKey }
      const written = { etag, update_time: updateTime, body: JSON.stringify(settings), ...keys }
      await db
        .insertInto('break_glass')
        .values({ project, ...written })
        .onConflict((conflict) => conflict.column('project').doUpdateSet(written))
        .execute()
    },
    findGrant: async (project, id) => {
      const row = await db
        .selectFrom('break_glass_grant')
        .select(GRANT_COLUMNS)
        .where('project', '=', project)
        .where('id', '=', id)
        .executeTakeFirst()
      return row && parseGrant(row)
    },
    listGrants: async (project, page) => {
      const rows = await db
        .selectFrom('break_glass_grant')
        .select(GRANT_COLUMNS)
        .where('project', '=', project)
        .where('id', '>', page.after ?? '')
        .orderBy('id')
        .limit(page.pageSize + 1)
        .execute()
      return pageOf(rows, page, { keyOf: ({ id }) => id, parse: parseGrant })
    },
    putGrant: (grant) => putGrant(db, grant),
    countAsked: async (project, requester, since) => {
      const { count } = await db
        .selectFrom('break_glass_grant')
        .select((e) => e.fn.countAll<number>().as('count'))
        .where('project', '=', project)
        .where(sql<string>`body ->> 'requester'`, '=', requester)
        .where(sql<string>`body ->> 'requestTime'`, '>=', since)
        .executeTakeFirstOrThrow()
      return Number(count)
    },
    revokeGrantsOf: async (project, cluster, revocation) => {
      const rows = await db.selectFrom('break_glass_grant').select(GRANT_COLUMNS).where('project', '=', project).where('revoked', '=', 0).execute()
      const bound = rows.map(parseGrant).filter((grant) => grant.cluster === cluster && grant.revocation === undefined)
      for (const grant of bound) await putGrant(db, { ...grant, revocation })
    },
  }
}

async function putGrant(db: Database, grant: StoredGrant): Promise<void> {
  const { project, id, ...body } = grant
  const written = { revoked: grant.approval !== undefined && grant.revocation !== undefined ? 1 : 0, body: JSON.stringify(body) }
  await db
    .insertInto('break_glass_grant')
    .values({ project, id, ...written })
    .onConflict((conflict) => conflict.columns(['project', 'id']).doUpdateSet(written))
    .execute()
}

/** What a gate must know of a project's break-glass; undefined where nobody ever said anything of it. */
export async function loadBreakGlass(db: Database, project: ProjectId): Promise<BreakGlassWorld | undefined> {
  const row = await db.selectFrom('break_glass').select(COLUMNS).where('project', '=', project).executeTakeFirst()
  if (row === undefined) return undefined
  const { settings, publicKey } = parseStored(row)
  const revoked = await db
    .selectFrom('break_glass_grant')
    .select('id')
    .where('project', '=', project)
    .where('revoked', '=', 1)
    .orderBy('id')
    .execute()
  return { settings, publicKey, revoked: revoked.map(({ id }) => id) }
}

/** Settings that cannot be read are damage, never the mode in which everybody may. */
function parseStored({ project, etag, update_time, body, public_key, private_key }: Schema['break_glass']): StoredBreakGlass {
  const what = `projects/${project}/breakGlass`
  const settings = sound(parseBreakGlassSettings(bodyOf(body, what)), what)
  return { project: projectId(project), settings, etag, updateTime: update_time, publicKey: public_key, privateKey: private_key }
}

function parseGrant({ project, id, body }: Schema['break_glass_grant']): StoredGrant {
  const { cluster, namespace, subject, workload, lifetimeMs, justification, requester, requestTime, approval, revocation } = bodyOf(body, id)
  const said = isJsonObject(subject) ? subject : {}
  const asked = sound(parseBreakGlassRequest({ cluster, namespace, workload, justification, ...said }, Number(lifetimeMs)), id)
  return {
    project: projectId(project),
    id,
    ...asked,
    requester: textOf(requester, id),
    requestTime: textOf(requestTime, id),
    ...(approval === undefined ? {} : { approval: parseApproval(approval, id) }),
    ...(revocation === undefined ? {} : { revocation: parseAct(revocation, id) }),
  }
}

function parseApproval(tree: unknown, id: string): NonNullable<StoredGrant['approval']> {
  const { notBefore, expiresAt } = isJsonObject(tree) ? tree : {}
  if (typeof notBefore !== 'number' || typeof expiresAt !== 'number') throw damaged(id)
  return { ...parseAct(tree, id), notBefore, expiresAt }
}

function parseAct(tree: unknown, id: string): { readonly by: string; readonly time: string } {
  const { by, time } = isJsonObject(tree) ? tree : {}
  return { by: textOf(by, id), time: textOf(time, id) }
}
