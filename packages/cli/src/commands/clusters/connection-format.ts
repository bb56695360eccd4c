import { formatYaml } from '@countersign/api/file/yaml.ts'
import { BREAK_GLASS_LABEL } from '@countersign/core/workload/scope.ts'
import { WEBHOOK_NAME } from '@countersign/core/admission/labels.ts'
import { type Tree, textIn } from '../../connection/api.ts'
import { printable } from '../../terminal.ts'

/** What a cluster needs to ask the gate. */
export interface ClusterConnection {
  readonly webhookUrl: string
  readonly caBundle: string
}

/** The two things a cluster needs; empty texts where the caller may not see them. */
export function connectionOf(cluster: Tree): ClusterConnection {
  return { webhookUrl: textIn(cluster, 'webhookUrl'), caBundle: textIn(cluster, 'caBundle') }
}

/**
 * A ValidatingWebhookConfiguration for `kubectl apply`. It has two entries (DESIGN §8): Pods that carry the break-glass
 * label meet one that lets them in when the gate is down, all others one that does not. The webhook's name is the
 * original's, because it stands in every denial that people and programs read.
 */
export function formatWebhookConfiguration({ webhookUrl, caBundle }: ClusterConnection): string {
  const mark = (operator: 'In' | 'NotIn'): unknown => ({ matchExpressions: [{ key: BREAK_GLASS_LABEL, operator, values: ['true'] }] })
  const entry = (name: string, objectSelector: unknown, failurePolicy: 'Fail' | 'Ignore'): unknown => ({
    name,
    objectSelector,
    failurePolicy,
    admissionReviewVersions: ['v1'],
    clientConfig: {
      url: webhookUrl,
      caBundle: Buffer.from(caBundle).toString('base64'),
    },
    matchPolicy: 'Equivalent',
    rules: RULES,
    sideEffects: 'NoneOnDryRun',
    timeoutSeconds: 10,
  })
  return printable(
    formatYaml({
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: 'countersign' },
      webhooks: [entry(WEBHOOK_NAME, mark('NotIn'), 'Fail'), entry(`break-glass.${WEBHOOK_NAME}`, mark('In'), 'Ignore')],
    }),
  )
}

/** Pods alone, as the original: a workload's own objects are admitted, and its Pods are judged (binary-authorization.md §6.2). */
const RULES = [
  {
    apiGroups: [''],
    apiVersions: ['v1'],
    operations: ['CREATE', 'UPDATE'],
    resources: ['pods', 'pods/ephemeralcontainers'],
    scope: 'Namespaced',
  },
]
