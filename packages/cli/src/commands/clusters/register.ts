import { pathOf, textIn } from '../../connection/api.ts'
import type { Context } from '../../context.ts'
import { printable } from '../../terminal.ts'
import type { Verb } from '../verb.ts'
import { type ClusterConnection, connectionOf, describeWebhook } from './connection-format.ts'
import { changedSettings, SETTING_OPTIONS, settingsOf } from './settings.ts'

export const registerCluster: Verb = {
  usage: 'register <cluster>',
  summary: 'Register a cluster: LOCATION.NAME, as in the policy',
  details: 'The webhook URL that is printed holds the cluster’s credential: whoever knows it may ask in its name.',
  examples: [
    'countersign clusters register us-central1.demo-cluster --project demo',
    'countersign clusters register us-central1.demo-cluster --project demo --webhook-configuration | kubectl apply -f -',
  ],
  options: [
    { flags: '--trust-domain <domain>', summary: 'SPIFFE trust domain of its workloads (default PROJECT.svc.id.goog)' },
    ...SETTING_OPTIONS,
    { flags: '--webhook-configuration', summary: 'print the ValidatingWebhookConfiguration for kubectl apply, and nothing else' },
  ],
  async run(context, given) {
    const [project, key] = [context.project(), given.argument(0)]
    const trustDomain = given.text('--trust-domain')
    const settings = changedSettings(settingsOf({}), given)
    const body = { key, settings, ...(trustDomain === undefined ? {} : { trustDomain }) }
    const api = await context.api()
    const cluster = await api.call('POST', pathOf('/countersign/v1', `projects/${project}/clusters`), { body })
    const connection = connectionOf(cluster)
    context.terminal.say(`Registered cluster [${textIn(cluster, 'key')}] in project [${project}].`)
    if (given.has('--webhook-configuration')) context.terminal.write(await describeWebhook(api, cluster))
    else if (context.hasFormat) await context.showOne(connection)
    else explain(context, `${key} --project ${project}`, connection)
  },
}

function explain(context: Context, cluster: string, { webhookUrl, caBundle }: ClusterConnection): void {
  context.terminal.write(printable(`Webhook URL: ${webhookUrl}\nCA bundle:\n${caBundle.trimEnd()}\n`))
  context.terminal.say(`Connect the cluster with:\n  countersign clusters describe ${cluster} --webhook-configuration | kubectl apply -f -`)
}
