import type { KubernetesClient } from '@countersign/adapters/kubernetes/client.ts'
import { BREAK_GLASS_TOKEN_ANNOTATION } from '@countersign/core/break-glass/grant.ts'
import { isJsonObject, type JsonObject } from '@countersign/core/json-object.ts'
import { findPods } from '@countersign/core/workload/pod.ts'
import { findBreakGlass } from '@countersign/core/workload/scope.ts'
import { textIn } from '../../connection/api.ts'

/** An object whose Pods carry the mark. */
export interface Mark {
  readonly namespace: string
  readonly kind: string
  readonly name: string
  /** The label or annotation. */
  readonly mark: string
  /** Whether a token stands beside it; the token itself is a credential. */
  readonly token: 'yes' | 'no'
}

/** Where marks can stand: what makes Pods, and Pods. ReplicaSets and Jobs that another object made say what that one says. */
const MARKED_KINDS = [
  { api: '/apis/apps/v1', resource: 'deployments', apiVersion: 'apps/v1', kind: 'Deployment' },
  { api: '/apis/apps/v1', resource: 'statefulsets', apiVersion: 'apps/v1', kind: 'StatefulSet' },
  { api: '/apis/apps/v1', resource: 'daemonsets', apiVersion: 'apps/v1', kind: 'DaemonSet' },
  { api: '/apis/apps/v1', resource: 'replicasets', apiVersion: 'apps/v1', kind: 'ReplicaSet' },
  { api: '/api/v1', resource: 'replicationcontrollers', apiVersion: 'v1', kind: 'ReplicationController' },
  { api: '/apis/batch/v1', resource: 'jobs', apiVersion: 'batch/v1', kind: 'Job' },
  { api: '/apis/batch/v1', resource: 'cronjobs', apiVersion: 'batch/v1', kind: 'CronJob' },
  { api: '/api/v1', resource: 'podtemplates', apiVersion: 'v1', kind: 'PodTemplate' },
  { api: '/api/v1', resource: 'pods', apiVersion: 'v1', kind: 'Pod' },
] as const

const MAX_OBJECTS = 50_000

/** The marks of these objects. Of what a controller made only Pods are told: its template stands with its owner. */
export function findMarks(objects: readonly JsonObject[]): readonly Mark[] {
  return objects.flatMap((object) => {
    const mark = findBreakGlass(object)
    const metadata = isJsonObject(object['metadata']) ? object['metadata'] : {}
    const owned =
      Array.isArray(metadata['ownerReferences']) && metadata['ownerReferences'].some((owner) => isJsonObject(owner) && owner['controller'] === true)
    if (mark === undefined || (owned && object['kind'] !== 'Pod')) return []
    const [namespace, name] = [textIn(metadata, 'namespace'), textIn(metadata, 'name')]
    return [{ namespace, kind: textIn(object, 'kind'), name, mark: mark.key, token: hasToken(object) ? 'yes' : 'no' }]
  })
}

/** The marks of a cluster, or of one namespace of it. */
export async function readMarks(client: Pick<KubernetesClient, 'list'>, namespace?: string): Promise<readonly Mark[]> {
  const marks: Mark[] = []
  for (const { api, resource, apiVersion, kind } of MARKED_KINDS) {
    const path = namespace === undefined ? `${api}/${resource}` : `${api}/namespaces/${encodeURIComponent(namespace)}/${resource}`
    const found = await client.list(path, MAX_OBJECTS)
    marks.push(...findMarks(found.map((object) => ({ ...object, apiVersion, kind }))))
  }
  return marks
}

function hasToken(object: JsonObject): boolean {
  const found = findPods(object)
  const annotations = found.ok ? found.value.pods[0]?.metadata['annotations'] : undefined
  return isJsonObject(annotations) && Object.hasOwn(annotations, BREAK_GLASS_TOKEN_ANNOTATION)
}
