import { StatusError } from '@countersign/core/status.ts'
import { type ClusterSettings, NO_SETTINGS } from '@countersign/core/workload/cluster-settings.ts'
import type { Cluster, ClusterTables, Project, ProjectTables } from '@countersign/service/registration/ports.ts'
import { pageOf } from '../page.ts'
import { clusterKey, projectId } from '../row.ts'
import type { Schema } from '../schema.ts'
import type { Database } from './database.ts'

/** Projects; deleting one takes along all that it owns, but for its kept versions and its audit records. */
export function projectTables(db: Database): ProjectTables {
  return {
    findProject: async (id) => {
      const row = await db.selectFrom('project').select(['id', 'uid', 'number', 'create_time']).where('id', '=', id).executeTakeFirst()
      return row && parseProject(row)
    },
    listProjects: async (page) => {
      const rows = await db
        .selectFrom('project')
        .select(['id', 'uid', 'number', 'create_time'])
        .where('id', '>', page.after ?? '')
        .orderBy('id')
        .limit(page.pageSize + 1)
        .execute()
      return pageOf(rows, page, { keyOf: ({ id }) => id, parse: parseProject })
    },
    insertProject: async ({ id, uid, number, createTime }) => {
      await db.insertInto('project').values({ id, uid, number, create_time: createTime }).execute()
    },
    deleteProject: async (id) => {
      await db.deleteFrom('project').where('id', '=', id).execute()
    },
  }
}

const CLUSTER_COLUMNS = ['project', 'key', 'uid', 'trust_domain', 'segment', 'create_time', 'settings'] as const

/** Clusters. */
export function clusterTables(db: Database): ClusterTables {
  return {
    findCluster: async (project, key) => {
      const row = await db.selectFrom('cluster').select(CLUSTER_COLUMNS).where('project', '=', project).where('key', '=', key).executeTakeFirst()
      return row && parseCluster(row)
    },
    listClusters: async (project, page) => {
      const rows = await db
        .selectFrom('cluster')
        .select(CLUSTER_COLUMNS)
        .where('project', '=', project)
        .where('key', '>', page.after ?? '')
        .orderBy('key')
        .limit(page.pageSize + 1)
        .execute()
      return pageOf(rows, page, { keyOf: ({ key }) => key, parse: parseCluster })
    },
    insertCluster: async ({ project, key, uid, trustDomain, segment, createTime, settings }) => {
      const row = { project, key, uid, trust_domain: trustDomain, segment, create_time: createTime, settings: JSON.stringify(settings) }
      await db.insertInto('cluster').values(row).execute()
    },
    setClusterSettings: async (project, key, settings) => {
      const values = { settings: JSON.stringify(settings) }
      await db.updateTable('cluster').set(values).where('project', '=', project).where('key', '=', key).execute()
    },
    deleteCluster: async (project, key) => {
      await db.deleteFrom('cluster').where('project', '=', project).where('key', '=', key).execute()
    },
  }
}

function parseProject({ id, uid, number, create_time }: Schema['project']): Project {
  return { id: projectId(id), uid, number, createTime: create_time }
}

/** The cluster of a row. */
export function parseCluster({ project, key, uid, trust_domain, segment, create_time, settings }: Schema['cluster']): Cluster {
  return {
    project: projectId(project),
    key: clusterKey(key),
    uid,
    trustDomain: trust_domain,
    segment,
    settings: parseSettings(settings),
    createTime: create_time,
  }
}

function parseSettings(text: string): ClusterSettings {
  try {
    return { ...NO_SETTINGS, ...(JSON.parse(text) as Partial<ClusterSettings>) }
  } catch (cause) {
    throw new StatusError('DATA_LOSS', 'The stored settings of a cluster cannot be read', { cause })
  }
}
