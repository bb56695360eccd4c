import { pathOf } from '../../connection/api.ts'
import type { Verb } from '../verb.ts'

export const exportPolicy: Verb = {
  usage: 'export',
  summary: 'Print the policy of a project as YAML, to be edited and imported',
  details: 'The etag in it makes an import fail where somebody else changed the policy in the meantime; remove it to import regardless.',
  examples: ['countersign policy export --project demo > policy.yaml'],
  async run(context) {
    await context.showOne(await (await context.api()).call('GET', pathOf('/v1', `projects/${context.project()}/policy`)))
  },
}
