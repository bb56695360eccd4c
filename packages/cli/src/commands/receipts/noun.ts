import type { Noun } from '../verb.ts'
import { describeReceipt } from './describe.ts'

export const receipts: Noun = { name: 'receipts', summary: 'Receipts of decisions', verbs: [describeReceipt] }
