import { pathOf, textIn } from '../../connection/api.ts'
import { shortName } from '../../context.ts'
import type { Verb } from '../verb.ts'

export const listGrants: Verb = {
  usage: 'list',
  summary: 'List who asked to break the glass, who let them, and until when',
  examples: ['countersign break-glass list --project demo'],
  async run(context) {
    const rows = await (await context.api()).list(pathOf('/countersign/v1', `projects/${context.project()}/breakGlassGrants`), 'grants')
    await context.showRows(rows, [
      { heading: 'ID', value: shortName },
      { heading: 'STATE', value: 'state' },
      { heading: 'CLUSTER', value: 'cluster' },
      { heading: 'NAMESPACE', value: 'namespace' },
      { heading: 'IMAGES', value: (row) => textIn(row, 'pattern') || textIn(row, 'digest') },
      { heading: 'REQUESTER', value: 'requester' },
      { heading: 'APPROVER', value: 'approver' },
      { heading: 'ENDS', value: 'expireTime' },
      { heading: 'JUSTIFICATION', value: 'justification' },
    ])
  },
}
