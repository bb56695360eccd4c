import type { Timestamp } from '@countersign/core/instant.ts'
import type { ClusterKey, ProjectId } from '@countersign/core/name/resource-name.ts'
import type { ClusterSettings } from '@countersign/core/workload/cluster-settings.ts'
import type { Page, PageRequest } from '../changes/page.ts'

/** A project that somebody created: nothing is decided for a name that nobody did. */
export interface Project {
  readonly id: ProjectId
  readonly uid: string
  /** Twelve decimal digits, given at creation; the gate decides as `service-<number>@…`. */
  readonly number: string
  readonly createTime: Timestamp
}

export interface Cluster {
  readonly project: ProjectId
  readonly key: ClusterKey
  readonly uid: string
  readonly trustDomain: string
  /** The unguessable segment of its webhook URL: 32 random bytes, base64url. A credential. */
  readonly segment: string
  readonly settings: ClusterSettings
  readonly createTime: Timestamp
}

export interface ProjectTables {
  findProject(id: ProjectId): Promise<Project | undefined>
  listProjects(page: PageRequest): Promise<Page<Project>>
  insertProject(project: Project): Promise<void>
  /** Removes a project and all it owns. */
  deleteProject(id: ProjectId): Promise<void>
}

/** Break-glass grants are for one cluster each, and end with it. */
export interface BoundGrants {
  /** Revokes every grant for the cluster that is not revoked yet, approved or not. */
  revokeGrantsOf(project: ProjectId, cluster: ClusterKey, revocation: { readonly by: string; readonly time: Timestamp }): Promise<void>
}

export interface ClusterTables {
  findCluster(project: ProjectId, key: ClusterKey): Promise<Cluster | undefined>
  listClusters(project: ProjectId, page: PageRequest): Promise<Page<Cluster>>
  insertCluster(cluster: Cluster): Promise<void>
  setClusterSettings(project: ProjectId, key: ClusterKey, settings: ClusterSettings): Promise<void>
  deleteCluster(project: ProjectId, key: ClusterKey): Promise<void>
}
