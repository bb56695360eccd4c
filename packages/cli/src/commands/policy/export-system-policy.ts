import { pathOf } from '../../connection/api.ts'
import type { Verb } from '../verb.ts'

export const exportSystemPolicy: Verb = {
  usage: 'export-system-policy',
  summary: 'Print the system policy: which images of Kubernetes itself run in kube-system, where a policy enables it',
  examples: ['countersign policy export-system-policy'],
  options: [{ flags: '--location <location>', summary: 'location (default: global)' }],
  async run(context, given) {
    await context.showOne(await (await context.api()).call('GET', pathOf('/v1', `locations/${given.text('--location') ?? 'global'}/policy`)))
  },
}
