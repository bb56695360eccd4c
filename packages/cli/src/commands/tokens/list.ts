import { pathOf, textIn, treesIn } from '../../connection/api.ts'
import type { Verb } from '../verb.ts'

export const listTokens: Verb = {
  usage: 'list',
  summary: 'List API tokens, revoked ones included',
  examples: ['countersign tokens list'],
  async run(context) {
    const answer = await (await context.api()).call('GET', pathOf('/countersign/v1', 'tokens'))
    await context.showRows(treesIn(answer, 'tokens'), [
      { heading: 'ID', value: (row) => textIn(row, 'name').replace('tokens/', '') },
      { heading: 'NAME', value: 'displayName' },
      { heading: 'ROLE', value: (row) => textIn(row, 'role').toLowerCase() },
      { heading: 'PROJECT', value: 'project' },
      { heading: 'CLUSTER', value: 'cluster' },
      { heading: 'CREATED', value: 'createTime' },
      { heading: 'EXPIRES', value: 'expireTime' },
      { heading: 'REVOKED', value: 'revokeTime' },
    ])
  },
}
