import { DEFAULT_POLICY } from '@countersign/core/policy/default-policy.ts'
import { formatPolicy } from '@countersign/core/policy/format.ts'
import { pathOf } from '../../connection/api.ts'
import type { Verb } from '../verb.ts'

export const resetPolicy: Verb = {
  usage: 'reset',
  summary: 'Restore the default policy, which allows every image',
  examples: ['countersign policy reset --project demo'],
  async run(context) {
    const name = `projects/${context.project()}/policy`
    await context.confirm(`Restore the default policy of project [${context.project()}]? It allows every image.`)
    await context.showOne(await (await context.api()).call('PUT', pathOf('/v1', name), { body: formatPolicy(DEFAULT_POLICY, { name }) }))
  },
}
