import { pathOf } from '../../connection/api.ts'
import { fullName } from '../../context.ts'
import type { Verb } from '../verb.ts'

export const describeExemption: Verb = {
  usage: 'describe <id>',
  summary: 'Show an exemption',
  examples: ['countersign exemptions describe nginx-trial --project demo'],
  async run(context, given) {
    await context.showOne(await (await context.api()).call('GET', pathOf('/countersign/v1', fullName(context, 'exemptions', given.argument(0)))))
  },
}
