import { pathOf } from '../../connection/api.ts'
import { fullName } from '../../context.ts'
import type { Verb } from '../verb.ts'
import { explainToken } from './token-text.ts'

export const approveGrant: Verb = {
  usage: 'approve <id>',
  summary: 'Let somebody else’s request have its token; never one’s own',
  examples: ['countersign break-glass approve 3f2a91c07b --project demo'],
  async run(context, given) {
    const name = fullName(context, 'breakGlassGrants', given.argument(0))
    const grant = await (await context.api()).call('POST', pathOf('/countersign/v1', name, ':approve'), { body: {} })
    explainToken(context, grant)
    await context.showOne(grant)
  },
}

export const revokeGrant: Verb = {
  usage: 'revoke <id>',
  summary: 'Make a token count no more, at every gate that hears of it',
  examples: ['countersign break-glass revoke 3f2a91c07b --project demo'],
  async run(context, given) {
    const name = fullName(context, 'breakGlassGrants', given.argument(0))
    await (await context.api()).call('POST', pathOf('/countersign/v1', name, ':revoke'), { body: {} })
    context.terminal.say(`Revoked grant [${name}].`)
  },
}
