import { fullName } from '../../context.ts'
import type { Verb } from '../verb.ts'
import { changeAttestor } from './change-attestor.ts'

export const updateAttestor: Verb = {
  usage: 'update <attestor>',
  summary: 'Change the description of an attestor',
  examples: ['countersign attestors update manually-verified --project demo --description "Checked by a person"'],
  options: [{ flags: '--description <text>', summary: 'one sentence on what it vouches for; empty to remove it' }],
  async run(context, given) {
    const description = given.text('--description')
    const name = fullName(context, 'attestors', given.argument(0))
    await context.showOne(
      await changeAttestor(await context.api(), name, (attestor) => ({ ...attestor, ...(description === undefined ? {} : { description }) })),
    )
  },
}
