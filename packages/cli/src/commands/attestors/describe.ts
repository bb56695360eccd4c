import { pathOf } from '../../connection/api.ts'
import { fullName } from '../../context.ts'
import type { Verb } from '../verb.ts'

export const describeAttestor: Verb = {
  usage: 'describe <attestor>',
  summary: 'Show an attestor with its public keys',
  examples: [
    'countersign attestors describe manually-verified --project demo',
    'countersign attestors describe projects/demo/attestors/manually-verified',
  ],
  async run(context, given) {
    await context.showOne(await (await context.api()).call('GET', pathOf('/v1', fullName(context, 'attestors', given.argument(0)))))
  },
}
