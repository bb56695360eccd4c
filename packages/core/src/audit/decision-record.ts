import type { DecisionReceipt } from '../admission/receipt.ts'
import { RECEIPT_VERSION } from '../admission/receipt.ts'
import { isJsonObject } from '../json-object.ts'
import { formatDecisionEntry } from './decision-entry.ts'
import type { CallerVerification } from './decision-entry.ts'
import type { EntryStamp, LogEntry } from './log-entry.ts'
import type { RepeatedDecisions } from './repeated-decisions.ts'

/**
 * One decision as a gate records it: its receipt, and what the log shows that a receipt does not hold (docs/decisions/0006).
 * The log entry is made of this when somebody reads the log, and holds nothing that is not here.
 */
export interface DecisionRecord extends EntryStamp {
  readonly receipt: DecisionReceipt
  /** `sha256:…` of the receipt's canonical text (docs/spec/receipt.md). */
  readonly receiptDigest: string
  readonly verifiedBy: CallerVerification
  /** Common name of the client certificate, where one was verified. */
  readonly certificateSubject?: string
  /** The webhook's name before its audit labels, where a setting says another than the original's. */
  readonly webhookName?: string
  /** Set where this record stands for denials that are the same as its receipt and have no record of their own. */
  readonly repeated?: RepeatedDecisions
}

/** Whether a record's JSON is a decision's, of a receipt version that this program reads. */
export function isDecisionRecord(value: Readonly<Record<string, unknown>>): value is Readonly<Record<string, unknown>> & DecisionRecord {
  const { receipt, insertId, receiptDigest, timestamp, verifiedBy } = value
  const stamped = [insertId, receiptDigest, timestamp, verifiedBy].every((text) => typeof text === 'string')
  return (
    stamped &&
    isJsonObject(receipt) &&
    receipt['version'] === RECEIPT_VERSION &&
    isJsonObject(receipt['request']) &&
    isJsonObject(receipt['decision'])
  )
}

/** The log entry of a recorded decision, in the shapes of binary-authorization.md §6.7. */
export function formatRecordedEntry({ receipt, ...stamp }: DecisionRecord): LogEntry {
  return formatDecisionEntry({ ...stamp, request: receipt.request, decision: receipt.decision })
}
