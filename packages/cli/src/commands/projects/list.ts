import { pathOf } from '../../connection/api.ts'
import type { Verb } from '../verb.ts'

export const listProjects: Verb = {
  usage: 'list',
  summary: 'List projects',
  examples: ['countersign projects list', "countersign projects list --format='value(id)'"],
  async run(context) {
    const rows = await (await context.api()).list(pathOf('/countersign/v1', 'projects'), 'projects')
    await context.showRows(rows, [
      { heading: 'ID', value: 'id' },
      { heading: 'NUMBER', value: 'number' },
      { heading: 'CREATED', value: 'createTime' },
    ])
  },
}
