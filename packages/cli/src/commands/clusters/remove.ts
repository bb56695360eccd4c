import { pathOf } from '../../connection/api.ts'
import { fullName } from '../../context.ts'
import type { Verb } from '../verb.ts'

export const removeCluster: Verb = {
  usage: 'remove <cluster>',
  summary: 'Remove a cluster: its webhook URL answers nobody from then on',
  examples: ['countersign clusters remove us-central1.demo-cluster --project demo'],
  async run(context, given) {
    const name = fullName(context, 'clusters', given.argument(0))
    await context.confirm(`Remove cluster [${name}]? Its API server gets no answer any more, and its failure policy decides.`)
    await (await context.api()).call('DELETE', pathOf('/countersign/v1', name))
    context.terminal.say(`Removed cluster [${name}].`)
  },
}
