import { pathOf } from '../../connection/api.ts'
import { fullName } from '../../context.ts'
import type { Verb } from '../verb.ts'
import { explainToken } from './token-text.ts'

export const describeGrant: Verb = {
  usage: 'describe <id>',
  summary: 'Show a grant, and its token to who asked for it and who approved it',
  examples: [
    'countersign break-glass describe 3f2a91c07b --project demo',
    'kubectl annotate --local -f pod.yaml -o yaml countersign.dev/break-glass-token="$(countersign break-glass describe 3f2a91c07b --format=\'value(token)\')"',
  ],
  async run(context, given) {
    const grant = await (await context.api()).call('GET', pathOf('/countersign/v1', fullName(context, 'breakGlassGrants', given.argument(0))))
    explainToken(context, grant)
    await context.showOne(grant)
  },
}
