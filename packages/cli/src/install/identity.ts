import { certificateNames } from './certificate-names.ts'
import { type KubernetesObject, labelsOf, namespaced } from './object.ts'
import type { Installation } from './values.ts'

const RBAC = 'rbac.authorization.k8s.io/v1'
const RBAC_GROUP = 'rbac.authorization.k8s.io'

/** Namespace and service accounts. What answers the webhook may ask the API server nothing, and tell it Events only where somebody chose so. */
export function identityObjects(installation: Installation): readonly KubernetesObject[] {
  const { values } = installation
  return [
    ...(values.createNamespace ? [namespaceObject(installation)] : []),
    serviceAccount(installation, values.names.serviceAccount),
    ...(values.breakGlass.events ? eventRights(installation) : []),
    ...(values.certificates.source === 'self' ? keeperRights(installation) : []),
  ]
}

function namespaceObject(installation: Installation): KubernetesObject {
  const labels = { ...labelsOf(installation), 'pod-security.kubernetes.io/enforce': 'restricted' }
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name: installation.namespace, labels } }
}

function serviceAccount(installation: Installation, name: string): KubernetesObject {
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: namespaced(installation, name), automountServiceAccountToken: false }
}

/** Its own two Secrets, its own Lease, and the bundle of one webhook configuration: nothing else in the cluster. */
function keeperRights(installation: Installation): readonly KubernetesObject[] {
  const { served, authority, keeper } = certificateNames(installation)
  const { webhookConfiguration } = installation.values.names
  // Kubernetes cannot restrict a creation to a name.
  const rules = [
    { apiGroups: [''], resources: ['secrets'], verbs: ['create'] },
    { apiGroups: [''], resources: ['secrets'], resourceNames: [served, authority], verbs: ['get', 'update'] },
    { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create'] },
    { apiGroups: ['coordination.k8s.io'], resources: ['leases'], resourceNames: [keeper], verbs: ['get', 'update'] },
  ]
  const webhookRule = {
    apiGroups: ['admissionregistration.k8s.io'],
    resources: ['validatingwebhookconfigurations'],
    resourceNames: [webhookConfiguration],
    verbs: ['get', 'patch'],
  }
  const subjects = [subject(installation, keeper)]
  return [
    serviceAccount(installation, keeper),
    { apiVersion: RBAC, kind: 'Role', metadata: namespaced(installation, keeper), rules },
    {
      apiVersion: RBAC,
      kind: 'RoleBinding',
      metadata: namespaced(installation, keeper),
      roleRef: { apiGroup: RBAC_GROUP, kind: 'Role', name: keeper },
      subjects,
    },
    ...rightsEverywhere(installation, keeper, webhookRule),
  ]
}

/** A use of break-glass is told in the namespace of its Pod, which may be any. */
function eventRights(installation: Installation): readonly KubernetesObject[] {
  return rightsEverywhere(installation, installation.values.names.serviceAccount, { apiGroups: [''], resources: ['events'], verbs: ['create'] })
}

function rightsEverywhere(installation: Installation, account: string, rule: object): readonly KubernetesObject[] {
  const metadata = { name: `${installation.namespace}-${account}`, labels: labelsOf(installation) }
  return [
    { apiVersion: RBAC, kind: 'ClusterRole', metadata, rules: [rule] },
    {
      apiVersion: RBAC,
      kind: 'ClusterRoleBinding',
      metadata,
      roleRef: { apiGroup: RBAC_GROUP, kind: 'ClusterRole', name: metadata.name },
      subjects: [subject(installation, account)],
    },
  ]
}

function subject({ namespace }: Installation, name: string): object {
  return { kind: 'ServiceAccount', name, namespace }
}
