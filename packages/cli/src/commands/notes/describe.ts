import { pathOf } from '../../connection/api.ts'
import { fullName } from '../../context.ts'
import type { Verb } from '../verb.ts'

export const describeNote: Verb = {
  usage: 'describe <note>',
  summary: 'Show a note',
  examples: ['countersign notes describe Human-Attestor-Note --project demo', 'countersign notes describe projects/demo/notes/Human-Attestor-Note'],
  async run(context, given) {
    await context.showOne(await (await context.api()).call('GET', pathOf('/v1', fullName(context, 'notes', given.argument(0)))))
  },
}
