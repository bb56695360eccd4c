import { pathOf } from '../../connection/api.ts'
import { fullName } from '../../context.ts'
import { UsageError } from '../../terminal.ts'
import type { Verb } from '../verb.ts'

export const deleteAttestor: Verb = {
  usage: 'delete <attestor...>',
  summary: 'Delete attestors',
  details: 'An attestor that a policy names may be deleted: the rules that require it deny from then on.',
  examples: [
    'countersign attestors delete manually-verified --project demo',
    `countersign attestors delete "$(countersign attestors list --format='value(name)')"`,
  ],
  async run(context, given) {
    // What a list printed arrives as one word with a line for each name.
    const names = given.rest(0).flatMap((text) => text.split(/\s+/).filter((name) => name !== ''))
    if (names.length === 0) throw new UsageError('No attestor was named', 'The attestors of a project: countersign attestors list')
    const api = await context.api()
    for (const text of names) {
      const name = fullName(context, 'attestors', text)
      await api.call('DELETE', pathOf('/v1', name))
      context.terminal.say(`Deleted attestor [${name}].`)
    }
  },
}
