import { pathOf } from '../../connection/api.ts'
import type { Verb } from '../verb.ts'

export const deleteProject: Verb = {
  usage: 'delete <id>',
  summary: 'Delete a project and all that it owns',
  details: 'Its clusters get no decision from then on. Its audit records stay.',
  examples: ['countersign projects delete demo'],
  async run(context, given) {
    const id = given.argument(0).replace(/^projects\//, '')
    await context.confirm(`Delete project [${id}] with its clusters, policy, attestors, notes and attestations?`)
    await (await context.api()).call('DELETE', pathOf('/countersign/v1', `projects/${id}`))
    context.terminal.say(`Deleted project [${id}].`)
  },
}
