import { formatYaml } from '@countersign/api/file/yaml.ts'
import { type Tree, textIn } from '../../connection/api.ts'
import { STRICT, webhookConfiguration } from '../../install/webhook.ts'
import { printable } from '../../terminal.ts'
import { earlyWebhooks } from './early-webhooks.ts'
import { settingsOf } from './settings.ts'

/** What a cluster needs to ask the gate. */
export interface ClusterConnection {
  readonly webhookUrl: string
  readonly caBundle: string
}

/** The two things a cluster needs; empty texts where the caller may not see them. */
export function connectionOf(cluster: Tree): ClusterConnection {
  return { webhookUrl: textIn(cluster, 'webhookUrl'), caBundle: textIn(cluster, 'caBundle') }
}

/** A ValidatingWebhookConfiguration for `kubectl apply`, for a gate outside of the cluster. */
export function formatWebhookConfiguration(cluster: Tree): string {
  const { webhookUrl, caBundle } = connectionOf(cluster)
  const clientConfig = { url: webhookUrl, caBundle: Buffer.from(caBundle).toString('base64') }
  const { webhooks, ...strict } = webhookConfiguration({ name: 'countersign' }, { ...STRICT, clientConfig })
  const all = [...(webhooks as readonly object[]), ...earlyWebhooks(settingsOf(cluster), clientConfig)]
  return printable(formatYaml({ ...strict, webhooks: all }))
}
