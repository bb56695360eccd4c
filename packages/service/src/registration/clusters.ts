import { parseClusterKey, parseProjectId } from '@countersign/core/name/resource-name.ts'
import type { ClusterKey, ProjectId } from '@countersign/core/name/resource-name.ts'
import { quote } from '@countersign/core/quote.ts'
import { type ClusterSettings, parseClusterSettings } from '@countersign/core/workload/cluster-settings.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { Caller } from '../access/caller.ts'
import type { Grant } from '../access/permission.ts'
import { mayCall, requirePermission } from '../access/permission.ts'
import type { TokenTables } from '../access/ports.ts'
import { revokeBound } from '../access/revoke-bound.ts'
import type { Changes, Surroundings } from '../changes/change.ts'
import { requireEtag } from '../changes/etag.ts'
import { getValue } from '../changes/invalid.ts'
import { getProject } from '../changes/known-project.ts'
import type { PageAsked, PageTokens } from '../changes/page-token.ts'
import { acceptPage } from '../changes/page-token.ts'
import type { Act } from '../changes/write-change.ts'
import { writeChange } from '../changes/write-change.ts'
import { clusterEtag } from './cluster-etag.ts'
import type { BoundGrants, Cluster, ClusterTables, ProjectTables } from './ports.ts'

/** A SPIFFE trust domain (SPIFFE ID specification, 2.1): lower-case letters, digits, dots, hyphens and underscores, at most 255. */
const TRUST_DOMAIN = /^[a-z0-9._-]{1,255}$/
const SERVICE = 'countersign.v1.Clusters'

/** A cluster as its reader may see it: the segment opens the cluster's webhook, so only those with the right see it. */
export type ClusterView = Omit<Cluster, 'segment'> & { readonly segment?: string }

export interface ClusterRequest {
  /** `LOCATION.NAME`. */
  readonly key: string
  /** Default `<project>.svc.id.goog`. */
  readonly trustDomain?: string
  /** Default: nothing beside Pods. */
  readonly settings?: GivenSettings
}

/** Settings as they are sent: read by `parseClusterSettings()`. */
export type GivenSettings = Parameters<typeof parseClusterSettings>[0]

/** A cluster, and the etag of the settings that its writer has read; empty or absent: whatever they are. */
export interface ClusterVersion {
  readonly projectId: string
  readonly key: string
  readonly etag?: string
}

export interface Clusters {
  registerCluster(caller: Caller, projectId: string, request: ClusterRequest): Promise<Cluster>
  getCluster(caller: Caller, projectId: string, key: string): Promise<ClusterView>
  listClusters(
    caller: Caller,
    projectId: string,
    asked: PageAsked,
  ): Promise<{ readonly clusters: readonly ClusterView[]; readonly nextPageToken: string }>
  /** Replaces the settings as a whole. ABORTED where the etag that is given is no longer theirs (`clusterEtag()`). */
  updateCluster(caller: Caller, asked: ClusterVersion, settings: GivenSettings): Promise<ClusterView>
  /** Its webhook URL answers nobody from then on. The tokens of its gates and its break-glass grants are revoked: they must not open a later one of its key. */
  removeCluster(caller: Caller, projectId: string, key: string): Promise<void>
}

export interface ClusterPorts {
  readonly changes: Changes<ProjectTables & ClusterTables & TokenTables & BoundGrants>
  readonly pageTokens: PageTokens
  readonly surroundings: Surroundings
}

/** Clusters are registered before anything is decided for them (DESIGN §7). */
export function makeClusters(ports: ClusterPorts): Clusters {
  return {
    registerCluster: (caller, projectId, request) => registerCluster(ports, caller, { projectId, ...request }),
    getCluster: (caller, projectId, key) => getCluster(ports, caller, { projectId, key }),
    listClusters: (caller, projectId, asked) => listClusters(ports, caller, { projectId, asked }),
    updateCluster: (caller, asked, settings) => updateCluster(ports, caller, { ...asked, settings }),
    removeCluster: (caller, projectId, key) => removeCluster(ports, caller, { projectId, key }),
  }
}

function alreadyRegistered(project: ProjectId, key: ClusterKey): StatusError {
  const command = `countersign clusters describe ${key} --project ${project}`
  return new StatusError('ALREADY_EXISTS', `Cannot register cluster "${key}": project "${project}" already has it, this shows it: ${command}`)
}

async function registerCluster(ports: ClusterPorts, caller: Caller, request: ClusterRequest & { readonly projectId: string }): Promise<Cluster> {
  const { project, key } = acceptName({ projectId: request.projectId, key: request.key })
  const grant = requirePermission(caller, 'countersign.clusters.create', `projects/${project}`)
  const cluster = newCluster(ports.surroundings, {
    project,
    key,
    trustDomain: acceptTrustDomain(project, request.trustDomain),
    settings: acceptSettings(request.settings),
  })
  return await ports.changes.commit(async (tables) => {
    await getProject(tables, project)
    const twin = await tables.findCluster(project, key)
    if (twin !== undefined) throw alreadyRegistered(project, key)
    await tables.insertCluster(cluster)
    await writeChange(
      tables,
      { project, kind: 'CLUSTER', name: nameOf(cluster), operation: 'CREATE' },
      { ...actOf(ports, caller, grant), methodName: `${SERVICE}.RegisterCluster`, response: withoutSegment(cluster) },
    )
    return cluster
  })
}

async function getCluster(ports: ClusterPorts, caller: Caller, name: { readonly projectId: string; readonly key: string }): Promise<ClusterView> {
  const { project, key } = acceptName(name)
  requirePermission(caller, 'countersign.clusters.get', `projects/${project}`)
  return await ports.changes.read(async (tables) => {
    await getProject(tables, project)
    return viewFor(caller, requireCluster(await tables.findCluster(project, key), project, key))
  })
}

async function listClusters(
  ports: ClusterPorts,
  caller: Caller,
  { projectId, asked }: { readonly projectId: string; readonly asked: PageAsked },
): Promise<{ clusters: readonly ClusterView[]; nextPageToken: string }> {
  const project = getValue(parseProjectId(projectId))
  requirePermission(caller, 'countersign.clusters.list', `projects/${project}`)
  const scope = ['ListClusters', caller.principal, project]
  const page = acceptPage(ports.pageTokens, scope, asked)
  return await ports.changes.read(async (tables) => {
    await getProject(tables, project)
    const { items, next } = await tables.listClusters(project, page)
    return { clusters: items.map((cluster) => viewFor(caller, cluster)), nextPageToken: ports.pageTokens.seal(scope, next) }
  })
}

interface Update extends ClusterVersion {
  readonly settings: GivenSettings
}

async function updateCluster(ports: ClusterPorts, caller: Caller, asked: Update): Promise<ClusterView> {
  const { project, key } = acceptName(asked)
  const grant = requirePermission(caller, 'countersign.clusters.update', `projects/${project}`)
  const settings = acceptSettings(asked.settings)
  return await ports.changes.commit(async (tables) => {
    await getProject(tables, project)
    const stored = requireCluster(await tables.findCluster(project, key), project, key)
    requireEtag(asked.etag, clusterEtag(stored), `cluster "${key}"`)
    const cluster = { ...stored, settings }
    await tables.setClusterSettings(project, key, settings)
    await writeChange(
      tables,
      { project, kind: 'CLUSTER', name: nameOf(cluster), operation: 'UPDATE' },
      { ...actOf(ports, caller, grant), methodName: `${SERVICE}.UpdateCluster`, response: withoutSegment(cluster) },
    )
    return viewFor(caller, cluster)
  })
}

async function removeCluster(ports: ClusterPorts, caller: Caller, asked: { readonly projectId: string; readonly key: string }): Promise<void> {
  const { project, key } = acceptName(asked)
  const grant = requirePermission(caller, 'countersign.clusters.delete', `projects/${project}`)
  await ports.changes.commit(async (tables) => {
    await getProject(tables, project)
    const cluster = requireCluster(await tables.findCluster(project, key), project, key)
    await revokeBound(tables, (token) => token.project === project && token.cluster === key, ports.surroundings)
    await tables.revokeGrantsOf(project, key, { by: caller.principal, time: ports.surroundings.timestamp() })
    await tables.deleteCluster(project, key)
    await writeChange(
      tables,
      { project, kind: 'CLUSTER', name: nameOf(cluster), operation: 'DELETE' },
      { ...actOf(ports, caller, grant), methodName: `${SERVICE}.RemoveCluster`, response: withoutSegment(cluster) },
    )
  })
}

function actOf(ports: ClusterPorts, caller: Caller, grant: Grant): Omit<Act, 'methodName'> {
  return { principal: caller.principal, permissions: [grant], time: ports.surroundings.timestamp() }
}

function newCluster(surroundings: Surroundings, named: Pick<Cluster, 'project' | 'key' | 'trustDomain' | 'settings'>): Cluster {
  const segment = Buffer.from(surroundings.random(32)).toString('base64url')
  return { ...named, uid: surroundings.uuid(), segment, createTime: surroundings.timestamp() }
}

function acceptName({ projectId, key }: { readonly projectId: string; readonly key: string }): { project: ProjectId; key: ClusterKey } {
  return { project: getValue(parseProjectId(projectId)), key: getValue(parseClusterKey(key)) }
}

function acceptTrustDomain(project: ProjectId, given: string | undefined): string {
  if (given === undefined || given === '') return `${project}.svc.id.goog`
  if (TRUST_DOMAIN.test(given)) return given
  throw new StatusError(
    'INVALID_ARGUMENT',
    `Trust domain ${quote(given)} is not valid: expected lower-case letters, digits, dots, hyphens and underscores, at most 255`,
  )
}

function acceptSettings(given: GivenSettings = { workloads: '', imagePaths: [], knative: false, pinTags: false }): ClusterSettings {
  return getValue(parseClusterSettings(given), 'Cluster settings are not valid')
}

function requireCluster(cluster: Cluster | undefined, project: ProjectId, key: ClusterKey): Cluster {
  if (cluster !== undefined) return cluster
  throw new StatusError(
    'NOT_FOUND',
    `Cluster "${key}" of project "${project}" was not found: register it with: countersign clusters register ${key} --project ${project}`,
  )
}

function viewFor(caller: Caller, cluster: Cluster): ClusterView {
  return mayCall(caller, 'countersign.clusters.getSegment', `projects/${cluster.project}`) ? cluster : withoutSegment(cluster)
}

function withoutSegment({ segment: _, ...view }: Cluster): ClusterView {
  return view
}

function nameOf(cluster: Cluster): string {
  return `projects/${cluster.project}/clusters/${cluster.key}`
}
