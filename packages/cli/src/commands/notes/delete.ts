import { pathOf } from '../../connection/api.ts'
import { fullName } from '../../context.ts'
import type { Verb } from '../verb.ts'

export const deleteNote: Verb = {
  usage: 'delete <note>',
  summary: 'Delete a note: what hangs on it counts for nobody from then on',
  examples: ['countersign notes delete Human-Attestor-Note --project demo'],
  async run(context, given) {
    const name = fullName(context, 'notes', given.argument(0))
    await context.confirm(`Delete note [${name}]? Its attestations count for nobody, even if a note of this name is created again.`)
    await (await context.api()).call('DELETE', pathOf('/v1', name))
    context.terminal.say(`Deleted note [${name}].`)
  },
}
