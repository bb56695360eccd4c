import { StatusError } from '@countersign/core/status.ts'
import { openReceipt } from '@countersign/evidence/record/replayer.ts'
import { pathOf, textIn } from '../../connection/api.ts'
import { fullName } from '../../context.ts'
import { printable } from '../../terminal.ts'
import type { Verb } from '../verb.ts'
import { tellReceipt } from './story.ts'

export const explainReceipt: Verb = {
  usage: 'explain <receipt>',
  summary: 'Tell what was decided, for whom, by which rule and evidence, and what would have admitted it',
  details: 'The receipt is checked against its digest before it is told. All of it, for programs: countersign receipts describe',
  examples: ['countersign receipts explain sha256:5d1c… --project demo'],
  async run(context, given) {
    const name = fullName(context, 'receipts', given.argument(0))
    const canonical = textIn(await (await context.api()).call('GET', pathOf('/countersign/v1', name)), 'canonical')
    const opened = openReceipt({ canonical, digest: name.split('/').at(-1) ?? '' })
    if (!opened.ok) throw new StatusError('DATA_LOSS', `Cannot explain ${name}: ${opened.replayed.detail}`)
    context.terminal.write(`${printable(tellReceipt(opened.receipt).join('\n'))}\n`)
  },
}
