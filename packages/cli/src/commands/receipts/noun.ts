import type { Noun } from '../verb.ts'
import { describeReceipt } from './describe.ts'
import { explainReceipt } from './explain.ts'
import { exportReceipts } from './export.ts'
import { replayReceipts } from './replay.ts'

export const receipts: Noun = {
  name: 'receipts',
  summary: 'Receipts of decisions',
  verbs: [describeReceipt, explainReceipt, replayReceipts, exportReceipts],
}
