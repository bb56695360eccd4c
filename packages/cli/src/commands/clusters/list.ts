import { pathOf } from '../../connection/api.ts'
import type { Verb } from '../verb.ts'

export const listClusters: Verb = {
  usage: 'list',
  summary: 'List the clusters of a project',
  examples: ['countersign clusters list --project demo'],
  async run(context) {
    const rows = await (await context.api()).list(pathOf('/countersign/v1', `projects/${context.project()}/clusters`), 'clusters')
    await context.showRows(rows, [
      { heading: 'CLUSTER', value: 'key' },
      { heading: 'TRUST_DOMAIN', value: 'trustDomain' },
      { heading: 'CREATED', value: 'createTime' },
    ])
  },
}
