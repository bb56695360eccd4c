import { StatusError } from '@countersign/core/status.ts'
import { digestReceipt } from '@countersign/evidence/record/receipt.ts'
import { pathOf, textIn } from '../../connection/api.ts'
import { fullName } from '../../context.ts'
import type { Verb } from '../verb.ts'

export const describeReceipt: Verb = {
  usage: 'describe <digest>',
  summary: 'Show everything that a decision used, as its receipt names it',
  details: 'The digest stands in the log entry of the decision. The receipt is checked against it before it is shown.',
  examples: ['countersign receipts describe sha256:5d1c… --project demo'],
  async run(context, given) {
    const name = fullName(context, 'receipts', given.argument(0))
    const receipt = await (await context.api()).call('GET', pathOf('/countersign/v1', name))
    const canonical = textIn(receipt, 'canonical')
    const digest = name.split('/').at(-1)
    if (digestReceipt(canonical) !== digest)
      throw new StatusError('DATA_LOSS', `The receipt that the server sent is not the one that ${digest} names`)
    const { writer, sequence, createTime } = receipt
    await context.showOne({ digest, recordedBy: { writer, sequence, createTime }, receipt: JSON.parse(canonical) as unknown })
  },
}
