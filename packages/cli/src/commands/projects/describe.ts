import { pathOf } from '../../connection/api.ts'
import type { Verb } from '../verb.ts'

export const describeProject: Verb = {
  usage: 'describe <id>',
  summary: 'Show a project',
  examples: ['countersign projects describe demo'],
  async run(context, given) {
    const id = given.argument(0).replace(/^projects\//, '')
    await context.showOne(await (await context.api()).call('GET', pathOf('/countersign/v1', `projects/${id}`)))
  },
}
