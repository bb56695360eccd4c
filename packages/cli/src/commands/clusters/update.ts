import { pathOf, textIn } from '../../connection/api.ts'
import { fullName } from '../../context.ts'
import { UsageError } from '../../terminal.ts'
import type { Verb } from '../verb.ts'
import { changedSettings, SETTING_OPTIONS, settingsOf } from './settings.ts'

export const updateCluster: Verb = {
  usage: 'update <cluster>',
  summary: 'Change what is asked about for a cluster beside its Pods',
  details:
    'What the gate does changes at once. What the API server asks about changes when it is told: apply the webhook configuration again. Whatever a workload’s template meets, its Pods are decided again when they are made.',
  examples: [
    'countersign clusters update us-central1.demo-cluster --project demo --workloads warn',
    'countersign clusters update us-central1.demo-cluster --project demo --image-path argo-rollouts --image-path tekton',
    'countersign clusters update us-central1.demo-cluster --project demo --image-path "example.com/v1/App:spec.template.spec@PodSpec"',
  ],
  options: SETTING_OPTIONS,
  async run(context, given) {
    if (!given.has('--workloads') && given.list('--image-path').length === 0 && !given.has('--knative') && !given.has('--pin-tags'))
      throw new UsageError('Nothing to update: give at least one of --workloads, --image-path, --knative and --pin-tags')
    const name = fullName(context, 'clusters', given.argument(0))
    const api = await context.api()
    const before = await api.call('GET', pathOf('/countersign/v1', name))
    const settings = changedSettings(settingsOf(before), given)
    const cluster = await api.call('PUT', pathOf('/countersign/v1', name), { body: { name, settings, etag: textIn(before, 'etag') } })
    context.terminal.say(`Updated cluster [${textIn(cluster, 'key')}]. Tell its API server with:`)
    context.terminal.say(
      `  countersign clusters describe ${textIn(cluster, 'key')} --project ${context.project()} --webhook-configuration | kubectl apply -f -`,
    )
    await context.showOne(cluster)
  },
}
