import { pathOf } from '../../connection/api.ts'
import type { Verb } from '../verb.ts'

export const createProject: Verb = {
  usage: 'create <id>',
  summary: 'Create a project',
  details: 'Nothing is decided for a project that nobody created. A new one has the default policy, which allows every image.',
  examples: ['countersign projects create demo'],
  async run(context, given) {
    const id = given.argument(0)
    const project = await (await context.api()).call('POST', pathOf('/countersign/v1', 'projects'), { body: { id } })
    context.terminal.say(`Created project [${id}].`)
    if (context.hasFormat) await context.showOne(project)
  },
}
