import type { AttestorName } from '@countersign/core/name/resource-name.ts'
import { listNamedAttestors } from '@countersign/core/policy/attestor-references.ts'
import { formatPolicy } from '@countersign/core/policy/format.ts'
import { parsePolicy } from '@countersign/core/policy/parse.ts'
import type { ExemptionTables, PolicyTables, StoredPolicy } from '@countersign/service/policy/ports.ts'
import { pageOf } from '../page.ts'
import { bodyOf, projectId, sound } from '../row.ts'
import type { Schema } from '../schema.ts'
import type { Database } from './database.ts'
import { parseStoredExemption } from './stored-exemption.ts'

const COLUMNS = ['project', 'etag', 'update_time', 'body'] as const

/** Policies: the current version of each project's, and every version that ever was. */
export function policyTables(db: Database): PolicyTables {
  return {
    findPolicy: async (project) => {
      const row = await db.selectFrom('policy').select(COLUMNS).where('project', '=', project).executeTakeFirst()
      return row && parseStoredPolicy(row)
    },
    findPolicyVersion: async (project, etag) => {
      const row = await db.selectFrom('policy_version').select(COLUMNS).where('project', '=', project).where('etag', '=', etag).executeTakeFirst()
      return row && parseStoredPolicy(row)
    },
    putPolicy: (policy) => putPolicy(db, policy),
  }
}

async function putPolicy(db: Database, { project, policy, etag, updateTime }: StoredPolicy): Promise<void> {
  const row = { project, etag, update_time: updateTime, body: JSON.stringify(formatPolicy(policy)) }
  const { project: _, ...written } = row
  await db
    .insertInto('policy')
    .values(row)
    .onConflict((conflict) => conflict.column('project').doUpdateSet(written))
    .execute()
  await db.insertInto('policy_version').values(row).execute()
  await db.deleteFrom('policy_attestor').where('project', '=', project).execute()
  const names = listNamedAttestors(policy)
  for (let start = 0; start < names.length; start += 300) await nameAttestors(db, project, names.slice(start, start + 300))
}

/** A policy means those who bear the names now: one that is created later under one of them is somebody else. */
async function nameAttestors(db: Database, project: string, names: readonly AttestorName[]): Promise<void> {
  const bearers = await db.selectFrom('attestor').select(['name', 'uid']).where('name', 'in', names).execute()
  const uids = new Map(bearers.map(({ name, uid }) => [name, uid]))
  await db
    .insertInto('policy_attestor')
    .values(names.map((attestor) => ({ project, attestor, uid: uids.get(attestor) ?? null })))
    .execute()
}

/** The database's word is not trusted either: a body that is no policy is damage, never a policy that allows. */
export function parseStoredPolicy({ project, etag, update_time, body }: Schema['policy']): StoredPolicy {
  const what = `projects/${project}/policy`
  return { project: projectId(project), policy: sound(parsePolicy(bodyOf(body, what)), what), etag, updateTime: update_time }
}

const EXEMPTION_COLUMNS = ['project', 'id', 'create_time', 'creator', 'body'] as const

/** Exemptions. */
export function exemptionTables(db: Database): ExemptionTables {
  return {
    findExemption: async (project, id) => {
      const row = await db.selectFrom('exemption').select(EXEMPTION_COLUMNS).where('project', '=', project).where('id', '=', id).executeTakeFirst()
      return row && parseStoredExemption(row)
    },
    listExemptions: async (project, page) => {
      const rows = await db
        .selectFrom('exemption')
        .select(EXEMPTION_COLUMNS)
        .where('project', '=', project)
        .where('id', '>', page.after ?? '')
        .orderBy('id')
        .limit(page.pageSize + 1)
        .execute()
      return pageOf(rows, page, { keyOf: ({ id }) => id, parse: parseStoredExemption })
    },
    insertExemption: async ({ project, exemption, createTime, creator }) => {
      await db
        .insertInto('exemption')
        .values({ project, id: exemption.id, create_time: createTime, creator, body: JSON.stringify(exemption) })
        .execute()
    },
    deleteExemption: async (project, id) => {
      await db.deleteFrom('exemption').where('project', '=', project).where('id', '=', id).execute()
    },
  }
}
