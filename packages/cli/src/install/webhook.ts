import { WEBHOOK_NAME } from '@countersign/core/admission/labels.ts'
import { BREAK_GLASS_LABEL } from '@countersign/core/workload/scope.ts'
import { type KubernetesObject, labelsOf, PART_OF } from './object.ts'
import type { Installation, WebhookValues } from './values.ts'

/** What differs between webhook configurations. */
export interface WebhookParts extends Pick<WebhookValues, 'failurePolicy' | 'workloads' | 'timeoutSeconds' | 'name'> {
  readonly clientConfig: object
  /** Whose Pods are never asked about: the gate's own, which must come up while no gate is there. */
  readonly ownNamespace?: string
}

/** What a configuration says that nobody chose otherwise. */
export const STRICT: Omit<WebhookParts, 'clientConfig'> = { failurePolicy: 'Fail', workloads: 'ignore', timeoutSeconds: 10, name: WEBHOOK_NAME }

/**
 * A ValidatingWebhookConfiguration. Pods that carry the break-glass label, and those without which no node can work, meet
 * entries that let them in when the gate is down, all others one that does not (DESIGN §8); all are judged while it is up.
 * The exemptions name what a tenant cannot give himself: the gate's namespace by the label that the API server sets, and
 * node-critical Pods by who makes them in kube-system.
 */
export function webhookConfiguration(metadata: KubernetesObject['metadata'], parts: WebhookParts): KubernetesObject {
  const { clientConfig, failurePolicy, workloads, timeoutSeconds, name, ownNamespace } = parts
  const shared = {
    admissionReviewVersions: ['v1'],
    clientConfig,
    matchPolicy: 'Equivalent',
    sideEffects: 'NoneOnDryRun',
    timeoutSeconds,
    ...(ownNamespace === undefined ? {} : { namespaceSelector: exceptNamespace(ownNamespace) }),
  }
  const mark = (operator: 'In' | 'NotIn') => ({ matchExpressions: [{ key: BREAK_GLASS_LABEL, operator, values: ['true'] }] })
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { ...metadata, labels: { ...PART_OF, ...metadata.labels } },
    webhooks: [
      {
        ...shared,
        name,
        objectSelector: mark('NotIn'),
        matchConditions: [{ name: 'not-node-critical', expression: `!(${NODE_CRITICAL})` }],
        failurePolicy,
        rules: POD_RULES,
      },
      { ...shared, name: `break-glass.${name}`, objectSelector: mark('In'), failurePolicy: 'Ignore', rules: POD_RULES },
      {
        ...shared,
        name: `node-critical.${name}`,
        objectSelector: mark('NotIn'),
        matchConditions: [{ name: 'node-critical', expression: NODE_CRITICAL }],
        failurePolicy: 'Ignore',
        rules: POD_RULES,
      },
      // It only tells early what a Pod would meet, and must keep nobody from scaling down while no gate answers.
      ...(workloads === 'ignore' ? [] : [{ ...shared, name: `workloads.${name}`, failurePolicy: 'Ignore', rules: WORKLOAD_RULES }]),
    ],
  }
}

/** The installation's configuration; undefined as long as nobody said where the webhook is. */
export function installedWebhook(installation: Installation): KubernetesObject | undefined {
  const { namespace, values } = installation
  const { path, url, caBundle, ...rest } = values.webhook
  if (path === '' && url === '') return undefined
  const at = url === '' ? { service: { namespace, name: values.names.service, path, port: 443 } } : { url }
  const injected =
    values.certificates.source === 'cert-manager' && caBundle === ''
      ? { annotations: { 'cert-manager.io/inject-ca-from': `${namespace}/${values.names.service}` } }
      : {}
  return webhookConfiguration(
    { name: values.names.webhookConfiguration, labels: labelsOf(installation), ...injected },
    { ...rest, clientConfig: { ...at, ...(caBundle === '' ? {} : { caBundle }) }, ownNamespace: namespace },
  )
}

function exceptNamespace(namespace: string): object {
  return { matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: [namespace] }] }
}

/** The Pods of DaemonSets without which a node has no network: who makes them cannot be chosen by who may make Pods. */
const NODE_CRITICAL = [
  "request.resource.resource == 'pods'",
  "request.namespace == 'kube-system'",
  "request.userInfo.username in ['system:serviceaccount:kube-system:daemon-set-controller', 'system:kube-controller-manager']",
  "has(object.spec.priorityClassName) && object.spec.priorityClassName == 'system-node-critical'",
].join(' && ')

const OPERATIONS = ['CREATE', 'UPDATE']

/** Pods alone, as the original: a workload's own objects are admitted, and its Pods are judged (binary-authorization.md §6.2). */
const POD_RULES = [
  { apiGroups: [''], apiVersions: ['v1'], operations: OPERATIONS, resources: ['pods', 'pods/ephemeralcontainers'], scope: 'Namespaced' },
]

/** Everything of Kubernetes itself that holds a Pod's template. */
export const WORKLOAD_RULES = [
  { apiGroups: [''], apiVersions: ['v1'], operations: OPERATIONS, resources: ['replicationcontrollers', 'podtemplates'], scope: 'Namespaced' },
  {
    apiGroups: ['apps'],
    apiVersions: ['v1'],
    operations: OPERATIONS,
    resources: ['deployments', 'statefulsets', 'daemonsets', 'replicasets'],
    scope: 'Namespaced',
  },
  { apiGroups: ['batch'], apiVersions: ['v1'], operations: OPERATIONS, resources: ['jobs', 'cronjobs'], scope: 'Namespaced' },
]
