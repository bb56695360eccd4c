import { formatYaml } from '@countersign/api/file/yaml.ts'
import { isJsonObject } from '@countersign/core/json-object.ts'
import { type Api, pathOf, type Tree, textIn } from '../../connection/api.ts'
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

/** The cluster's ValidatingWebhookConfiguration, for a gate outside of it, with a word on what its entries mean where the cluster asks for tokens. */
export async function describeWebhook(api: Api, cluster: Tree): Promise<string> {
  const project = textIn(cluster, 'name').split('/').slice(0, 2).join('/')
  const { mode, clusters } = await api.call('GET', pathOf('/countersign/v1', `${project}/breakGlass`))
  const own = isJsonObject(clusters) ? clusters[textIn(cluster, 'key')] : undefined
  return `${(own ?? mode) === 'token' ? TOKEN_NOTE : ''}${formatWebhookConfiguration(cluster)}`
}

const TOKEN_NOTE = [
  '# This cluster asks for a break-glass token. The gate verifies it; while no gate answers, the entry break-glass.* fails open: whoever may make Pods then',
  '# lets in any image by the mark alone, and nobody hears of it. Where that is worse than being locked out, set its failurePolicy to Fail.',
  '',
].join('\n')

/** For `kubectl apply`. */
function formatWebhookConfiguration(cluster: Tree): string {
  const { webhookUrl, caBundle } = connectionOf(cluster)
  const clientConfig = { url: webhookUrl, caBundle: Buffer.from(caBundle).toString('base64') }
  const { webhooks, ...strict } = webhookConfiguration({ name: 'countersign' }, { ...STRICT, clientConfig })
  const all = [...(webhooks as readonly object[]), ...earlyWebhooks(settingsOf(cluster), clientConfig)]
  return printable(formatYaml({ ...strict, webhooks: all }))
}
