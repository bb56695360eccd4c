import type { ClusterKey, ProjectId } from '@countersign/core/name/resource-name.ts'
import { type DecisionRecord, formatRecordedEntry, isDecisionRecord } from '@countersign/core/audit/decision-record.ts'
import { isJsonObject, type JsonObject } from '@countersign/core/json-object.ts'
import { StatusError } from '@countersign/core/status.ts'
import { parseTimestamp } from '@countersign/core/timestamp.ts'
import { formatCanonicalJson } from '@countersign/evidence/record/canonical-json.ts'
import { digestReceipt } from '@countersign/evidence/record/receipt.ts'
import type { GateRecord } from './ports.ts'

const MAX_RECORDS = 1000
const RECORDS_A_TURN = 25
const MAX_RECORD_LENGTH = 8 * 1024 * 1024
/** Several times what a decision has, and as deep as canonical JSON is written. */
const MAX_DEPTH = 64
const HASH = /^[0-9a-f]{64}$/
/** Clocks differ; a decision of tomorrow is no decision. */
const MAX_SKEW_MS = 10 * 60_000

/** Where a gate stands: only decisions of there are its own. */
export interface GatePlace {
  readonly project: ProjectId
  readonly cluster: ClusterKey
}

/**
 * Refuses, whole, what is not a gate's own to file: too much at once, a text that is not the canonical form of a decision's record that the log can show, a
 * receipt that does not have its digest, a decision of another project or cluster, or one of the future. That hashes continue the chain is the store's
 * to check. INVALID_ARGUMENT, or PERMISSION_DENIED for another's decision.
 */
export async function acceptRecords(records: readonly GateRecord[], place: GatePlace, now: number): Promise<void> {
  if (records.length > MAX_RECORDS) throw invalid(`${records.length} records at once, expected at most ${MAX_RECORDS}`)
  for (const [index, record] of records.entries()) {
    // Whoever ships much must not hold up whoever asks.
    if (index % RECORDS_A_TURN === RECORDS_A_TURN - 1) await new Promise(setImmediate)
    acceptRecord(record, place, now)
  }
}

function acceptRecord(record: GateRecord, place: GatePlace, now: number): void {
  const { sequence, hash, previousHash, canonical } = record
  const refuse = (why: string): StatusError => invalid(`record ${sequence} ${why}`)
  if (!Number.isSafeInteger(sequence) || sequence < 1) throw refuse('has no sequence, expected a number from 1 on')
  if (!HASH.test(hash) || !HASH.test(previousHash)) throw refuse('has no hash, expected 64 hexadecimal digits')
  if (canonical.length > MAX_RECORD_LENGTH) throw refuse(`is longer than ${MAX_RECORD_LENGTH} characters`)
  const text = readJson(canonical)
  if (!isWithin(text, MAX_DEPTH)) throw refuse(`is nested deeper than ${MAX_DEPTH}`)
  if (text === undefined || !isDecisionRecord(text) || !isShowable(text)) throw refuse('is not a decision as this version of the centre reads it')
  if (text.repeated !== undefined && !isCount(text)) throw refuse('counts what is not counted: identical denials are, and nothing else')
  const receipt = formatCanonicalJson(text.receipt)
  if (formatAround(text, receipt) !== canonical) throw refuse('is not canonical JSON (RFC 8785)')
  const { receiptDigest, timestamp } = text
  if (digestReceipt(receipt) !== receiptDigest) throw refuse('names another digest than its receipt has')
  const moment = parseTimestamp(String(timestamp))
  if (moment === undefined || moment > now + MAX_SKEW_MS)
    throw refuse(`was decided at "${String(timestamp)}", which is no time of the past: are the clocks right?`)
  requirePlace(text, place, sequence)
}

function requirePlace({ receipt }: JsonObject, { project, cluster }: GatePlace, sequence: number): void {
  const request = isJsonObject(receipt) ? receipt['request'] : undefined
  const { project: theirs, scope }: JsonObject = isJsonObject(request) ? request : {}
  const at = isJsonObject(scope) ? scope['cluster'] : undefined
  if (theirs === project && at === cluster) return
  throw new StatusError(
    'PERMISSION_DENIED',
    `Cannot take record ${sequence}: it is not a decision for cluster "${cluster}" of project "${project}", where this token's gates stand`,
  )
}

function readJson(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isJsonObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** Lists of receipts pass over what is counted, because it has been there before: no admission must go by as that (docs/decisions/0010). */
function isCount({ receipt, repeated }: DecisionRecord): boolean {
  const { count, first, last, ...more }: JsonObject = isJsonObject(repeated) ? repeated : {}
  const isDenial = receipt.decision.outcome === 'DENIED' && receipt.decision.reason === 'VIOLATES_POLICY'
  const isNumber = Number.isSafeInteger(count) && Number(count) >= 1
  return isDenial && isNumber && [first, last].every((time) => parseTimestamp(String(time)) !== undefined) && Object.keys(more).length === 0
}

function isWithin(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  return depth > 0 && Object.values(value).every((inner) => isWithin(inner, depth - 1))
}

/**
 * The record's canonical text around its receipt's, which is by far the longest part and is not written twice. No text inside the record can look like the
 * place of the receipt: its quotes are escaped.
 */
function formatAround(record: JsonObject, receipt: string): string {
  return formatCanonicalJson({ ...record, receipt: null }).replace('"receipt":null,', () => `"receipt":${receipt},`)
}

/** The log never skips what it cannot show, so one such record would hide all that come before it. */
function isShowable(record: Parameters<typeof formatRecordedEntry>[0] | JsonObject): boolean {
  try {
    formatRecordedEntry(record as Parameters<typeof formatRecordedEntry>[0])
    return true
  } catch {
    return false
  }
}

function invalid(why: string): StatusError {
  return new StatusError('INVALID_ARGUMENT', `Cannot take the records: ${why}`)
}
