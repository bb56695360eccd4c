import { pathOf } from '../../connection/api.ts'
import { fullName } from '../../context.ts'
import type { Verb } from '../verb.ts'
import { formatPinningConfiguration } from './pinning-webhook.ts'
import { describeWebhook } from './connection-format.ts'

export const describeCluster: Verb = {
  usage: 'describe <cluster>',
  summary: 'Show a cluster, its webhook URL and CA bundle',
  examples: [
    'countersign clusters describe us-central1.demo-cluster --project demo',
    'countersign clusters describe us-central1.demo-cluster --project demo --webhook-configuration | kubectl apply -f -',
  ],
  options: [
    { flags: '--webhook-configuration', summary: 'print the ValidatingWebhookConfiguration for kubectl apply, and nothing else' },
    { flags: '--pinning-configuration', summary: 'print the MutatingWebhookConfiguration that pins tags, and nothing else; see update --pin-tags' },
  ],
  async run(context, given) {
    const name = fullName(context, 'clusters', given.argument(0))
    const api = await context.api()
    const cluster = await api.call('GET', pathOf('/countersign/v1', name))
    if (given.has('--webhook-configuration')) context.terminal.write(await describeWebhook(api, cluster))
    else if (given.has('--pinning-configuration')) context.terminal.write(formatPinningConfiguration(cluster))
    else await context.showOne(cluster)
  },
}
