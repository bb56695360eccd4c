import { pathOf } from '../../connection/api.ts'
import type { Verb } from '../verb.ts'

export const revokeToken: Verb = {
  usage: 'revoke <id>',
  summary: 'Revoke an API token, at once and for ever',
  examples: ['countersign tokens revoke 3f2a9c'],
  async run(context, given) {
    const id = given.argument(0).replace(/^tokens\//, '')
    await (await context.api()).call('POST', pathOf('/countersign/v1', `tokens/${id}`, ':revoke'), { body: {} })
    context.terminal.say(`Revoked token [${id}].`)
  },
}
