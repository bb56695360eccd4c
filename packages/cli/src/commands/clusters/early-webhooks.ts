import { listImagePaths } from '@countersign/core/workload/cluster-settings.ts'
import { STRICT, WORKLOAD_RULES } from '../../install/webhook.ts'
import type { SentSettings } from './settings.ts'

const OPERATIONS = ['CREATE', 'UPDATE']

/**
 * The entries of a webhook configuration that ask about more than Pods. Those that only tell early what a Pod would meet let everything in
 * when the gate is down: the Pod is decided again, and nobody should be kept from scaling or rolling back. A Knative Service that asked to
 * be checked is not: Cloud Run deploys nothing that it could not check (binary-authorization.md §6.3).
 */
export function earlyWebhooks(settings: SentSettings, clientConfig: object): readonly object[] {
  const shared = {
    admissionReviewVersions: ['v1'],
    clientConfig,
    matchPolicy: 'Equivalent',
    sideEffects: 'NoneOnDryRun',
    timeoutSeconds: STRICT.timeoutSeconds,
  }
  const asks = settings.workloads === 'deny' || settings.workloads === 'warn'
  const custom = customKinds(settings)
  return [
    ...(asks ? [{ ...shared, name: `workloads.${STRICT.name}`, failurePolicy: 'Ignore', rules: WORKLOAD_RULES }] : []),
    ...(custom.rules.length === 0 || settings.workloads === 'ignore'
      ? []
      : [{ ...shared, name: `custom.${STRICT.name}`, failurePolicy: 'Ignore', rules: custom.rules, matchConditions: [custom.condition] }]),
    ...(settings.knative ? [{ ...shared, name: `knative.${STRICT.name}`, failurePolicy: 'Fail', rules: KNATIVE_RULES }] : []),
  ]
}

/** The API's plural names are not in a path, so all of a group is asked for, and the API server sends those kinds alone. */
function customKinds({ imagePaths }: SentSettings): { readonly rules: readonly object[]; readonly condition: object } {
  const paths = listImagePaths({ imagePaths, knative: false, pinTags: false })
  const versions = [...new Set(paths.map(({ apiVersion }) => apiVersion))].map((apiVersion) => apiVersion.split('/'))
  const kinds = [...new Set(paths.map(({ kind }) => kind))]
  return {
    rules: versions.map(([group, version]) => ({ apiGroups: [group], apiVersions: [version], operations: OPERATIONS, resources: ['*'], scope: '*' })),
    condition: { name: 'names-images', expression: `request.kind.kind in [${kinds.map((kind) => `'${kind}'`).join(', ')}]` },
  }
}

const KNATIVE_RULES = [
  { apiGroups: ['serving.knative.dev'], apiVersions: ['v1'], operations: OPERATIONS, resources: ['services'], scope: 'Namespaced' },
]
