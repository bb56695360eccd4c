import type { AttestorName, ProjectId } from '@countersign/core/name/resource-name.ts'
import { formatPolicy } from '@countersign/core/policy/format.ts'
import { parsePolicy } from '@countersign/core/policy/parse.ts'
import type { Policy } from '@countersign/core/policy/policy.ts'
import { RULE_MAPS } from '@countersign/core/policy/rule-maps.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { ExemptionTables, PolicyTables, StoredExemption, StoredPolicy } from '@countersign/service/policy/ports.ts'
import { pageOf } from '../page.ts'
import type { Schema } from '../schema.ts'
import type { Database } from './database.ts'

const COLUMNS = ['project', 'etag', 'update_time', 'body'] as const

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
  const named = [...namedAttestors(policy)].map((attestor) => ({ project, attestor }))
  for (let start = 0; start < named.length; start += 500) {
    await db
      .insertInto('policy_attestor')
      .values(named.slice(start, start + 500))
      .execute()
  }
}

/** Every attestor that a rule of the policy names. */
export function namedAttestors(policy: Policy): ReadonlySet<AttestorName> {
  const rules = [policy.defaultAdmissionRule, ...RULE_MAPS.flatMap(({ field }) => Object.values(policy[field]))]
  return new Set(rules.flatMap((rule) => rule.requireAttestationsBy))
}

/** The database's word is not trusted either: a body that is no policy is damage, never a policy that allows. */
export function parseStoredPolicy({ project, etag, update_time, body }: Schema['policy']): StoredPolicy {
  const parsed = parsePolicy(JSON.parse(body))
  if (!parsed.ok) throw new StatusError('DATA_LOSS', `The stored policy of project "${project}" is damaged`)
  return { project: project as ProjectId, policy: parsed.value, etag, updateTime: update_time }
}

const EXEMPTION_COLUMNS = ['project', 'id', 'create_time', 'creator', 'body'] as const

export function exemptionTables(db: Database): ExemptionTables {
  return {
    findExemption: async (project, id) => {
      const row = await db.selectFrom('exemption').select(EXEMPTION_COLUMNS).where('project', '=', project).where('id', '=', id).executeTakeFirst()
      return row && parseExemptionRow(row)
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
      return pageOf(rows, page, { keyOf: ({ id }) => id, parse: parseExemptionRow })
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

export function parseExemptionRow({ project, id, create_time, creator, body }: Schema['exemption']): StoredExemption {
  return { project: project as ProjectId, exemption: { ...JSON.parse(body), id }, createTime: create_time, creator }
}
