import { formatYaml } from '@countersign/api/file/yaml.ts'
import { type Tree, textIn } from '../../connection/api.ts'
import { STRICT, webhookConfiguration } from '../../install/webhook.ts'
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

/** A ValidatingWebhookConfiguration for `kubectl apply`, for a gate outside of the cluster. */
export function formatWebhookConfiguration({ webhookUrl, caBundle }: ClusterConnection): string {
  const clientConfig = { url: webhookUrl, caBundle: Buffer.from(caBundle).toString('base64') }
  return printable(formatYaml(webhookConfiguration({ name: 'countersign' }, { ...STRICT, clientConfig })))
}
