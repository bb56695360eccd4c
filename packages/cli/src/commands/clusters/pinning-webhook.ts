import { formatYaml } from '@countersign/api/file/yaml.ts'
import type { Tree } from '../../connection/api.ts'
import { STRICT } from '../../install/webhook.ts'
import { PART_OF } from '../../install/object.ts'
import { printable } from '../../terminal.ts'
import { connectionOf } from './connection-format.ts'

/** A MutatingWebhookConfiguration that pins Pods' tags. It never holds a Pod up: the validating webhook judges whatever comes of it. */
export function formatPinningConfiguration(cluster: Tree): string {
  const { webhookUrl, caBundle } = connectionOf(cluster)
  return printable(
    formatYaml({
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: { name: 'countersign-pinning', labels: PART_OF },
      webhooks: [
        {
          name: `pinning.${STRICT.name}`,
          admissionReviewVersions: ['v1'],
          clientConfig: { url: `${webhookUrl}/pin`, caBundle: Buffer.from(caBundle).toString('base64') },
          failurePolicy: 'Ignore',
          matchPolicy: 'Equivalent',
          sideEffects: 'None',
          reinvocationPolicy: 'IfNeeded',
          timeoutSeconds: 6,
          rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'], scope: 'Namespaced' }],
        },
      ],
    }),
  )
}
