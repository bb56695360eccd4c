import { pathOf } from '../../connection/api.ts'
import { fullName } from '../../context.ts'
import type { Verb } from '../verb.ts'

export const deleteExemption: Verb = {
  usage: 'delete <id>',
  summary: 'End an exemption at once',
  examples: ['countersign exemptions delete nginx-trial --project demo'],
  async run(context, given) {
    const name = fullName(context, 'exemptions', given.argument(0))
    await (await context.api()).call('DELETE', pathOf('/countersign/v1', name))
    context.terminal.say(`Deleted exemption [${name}].`)
  },
}
