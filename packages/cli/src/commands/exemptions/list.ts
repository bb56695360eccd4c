import { pathOf, textIn } from '../../connection/api.ts'
import { shortName } from '../../context.ts'
import type { Verb } from '../verb.ts'

export const listExemptions: Verb = {
  usage: 'list',
  summary: 'List exemptions, ended ones included until somebody deletes them',
  examples: ['countersign exemptions list --project demo'],
  async run(context) {
    const rows = await (await context.api()).list(pathOf('/countersign/v1', `projects/${context.project()}/exemptions`), 'exemptions')
    const now = context.terminal.now()
    await context.showRows(rows, [
      { heading: 'ID', value: shortName },
      { heading: 'IMAGES', value: (row) => textIn(row, 'pattern') || textIn(row, 'digest') },
      { heading: 'NAMESPACE', value: (row) => textIn(row, 'namespace') || '(all)' },
      { heading: 'OWNER', value: 'owner' },
      { heading: 'REASON', value: 'reason' },
      { heading: 'ENDS', value: (row) => `${textIn(row, 'expireTime')}${Date.parse(textIn(row, 'expireTime')) <= now ? ' (ended)' : ''}` },
    ])
  },
}
