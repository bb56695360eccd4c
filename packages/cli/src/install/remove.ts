import type { KubernetesClient } from '@countersign/adapters/kubernetes/client.ts'
import { isJsonObject, type JsonObject } from '@countersign/core/json-object.ts'
import { StatusError } from '@countersign/core/status.ts'
import { PART_OF } from './object.ts'

/** Something that an installation consists of. */
export interface Installed {
  readonly kind: string
  readonly name: string
  readonly path: string
}

interface Kind {
  readonly kind: string
  /** The API group's path. */
  readonly group: string
  readonly plural: string
  readonly scope: 'CLUSTER' | 'NAMESPACE'
}

const ADMISSION = '/apis/admissionregistration.k8s.io/v1'
const RBAC = '/apis/rbac.authorization.k8s.io/v1'
const CERT_MANAGER = '/apis/cert-manager.io/v1'

/** In the order of removal: what asks a gate before the gate, so that no Pod meets a webhook that nobody answers. */
const KINDS: readonly Kind[] = [
  { kind: 'ValidatingWebhookConfiguration', group: ADMISSION, plural: 'validatingwebhookconfigurations', scope: 'CLUSTER' },
  { kind: 'ValidatingAdmissionPolicyBinding', group: ADMISSION, plural: 'validatingadmissionpolicybindings', scope: 'CLUSTER' },
  { kind: 'ValidatingAdmissionPolicy', group: ADMISSION, plural: 'validatingadmissionpolicies', scope: 'CLUSTER' },
  { kind: 'Deployment', group: '/apis/apps/v1', plural: 'deployments', scope: 'NAMESPACE' },
  { kind: 'StatefulSet', group: '/apis/apps/v1', plural: 'statefulsets', scope: 'NAMESPACE' },
  { kind: 'Service', group: '/api/v1', plural: 'services', scope: 'NAMESPACE' },
  { kind: 'PodDisruptionBudget', group: '/apis/policy/v1', plural: 'poddisruptionbudgets', scope: 'NAMESPACE' },
  { kind: 'NetworkPolicy', group: '/apis/networking.k8s.io/v1', plural: 'networkpolicies', scope: 'NAMESPACE' },
  { kind: 'Certificate', group: CERT_MANAGER, plural: 'certificates', scope: 'NAMESPACE' },
  { kind: 'Issuer', group: CERT_MANAGER, plural: 'issuers', scope: 'NAMESPACE' },
  { kind: 'ClusterRoleBinding', group: RBAC, plural: 'clusterrolebindings', scope: 'CLUSTER' },
  { kind: 'ClusterRole', group: RBAC, plural: 'clusterroles', scope: 'CLUSTER' },
  { kind: 'RoleBinding', group: RBAC, plural: 'rolebindings', scope: 'NAMESPACE' },
  { kind: 'Role', group: RBAC, plural: 'roles', scope: 'NAMESPACE' },
  { kind: 'Secret', group: '/api/v1', plural: 'secrets', scope: 'NAMESPACE' },
  { kind: 'ServiceAccount', group: '/api/v1', plural: 'serviceaccounts', scope: 'NAMESPACE' },
]

const MOST = 1000

/** Everything that bears the labels of the installation in a namespace, in the order in which it is to be removed. */
export async function findInstalled(client: KubernetesClient, namespace: string): Promise<readonly Installed[]> {
  const labels = { ...PART_OF, 'app.kubernetes.io/instance': namespace }
  const labelSelector = Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',')
  const found: Installed[] = []
  for (const { kind, group, plural, scope } of KINDS) {
    const folder = scope === 'CLUSTER' ? `${group}/${plural}` : `${group}/namespaces/${namespace}/${plural}`
    for (const object of await listKnown(client, `${folder}?${new URLSearchParams({ labelSelector })}`)) {
      const { metadata } = object
      const name = isJsonObject(metadata) && typeof metadata['name'] === 'string' ? metadata['name'] : undefined
      if (name !== undefined) found.push({ kind, name, path: `${folder}/${name}` })
    }
  }
  return found
}

/** A cluster without cert-manager does not know its kinds. */
async function listKnown(client: KubernetesClient, path: string): Promise<readonly JsonObject[]> {
  try {
    return await client.list(path, MOST)
  } catch (error) {
    if (error instanceof StatusError && error.code === 'NOT_FOUND') return []
    throw error
  }
}
