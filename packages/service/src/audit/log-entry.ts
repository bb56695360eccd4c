import { formatChangeEntry } from '@countersign/core/audit/change-entry.ts'
import { formatRecordedEntry, isDecisionRecord } from '@countersign/core/audit/decision-record.ts'
import type { DecisionRecord } from '@countersign/core/audit/decision-record.ts'
import type { LogEntry } from '@countersign/core/audit/log-entry.ts'
import { isJsonObject, type JsonObject } from '@countersign/core/json-object.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { ChangeRecord } from '../changes/change.ts'
import type { AuditRow, ChainRecord } from './ports.ts'

/**
 * The log entry of a chain record, in the original's shapes (binary-authorization.md §6.7), made when it is read: a gate's record is a decision with
 * its receipt, a server's the change itself. Anything else is DATA_LOSS: the log never skips what it cannot read.
 */
export function readLogEntry(row: AuditRow, record: JsonObject): LogEntry {
  if (isDecisionRecord(record)) return formatDecision(record, row)
  if (isChange(record)) return formatChangeEntry({ ...record, insertId: insertIdOf(row), timestamp: record.time })
  throw damaged(row)
}

/** The members of a record's text. */
export function readRecord(row: ChainRecord): JsonObject {
  const record = parseJson(row.canonical)
  if (isJsonObject(record)) return record
  throw damaged(row)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The refusal of a record that cannot be read as what it should be. */
export function damaged({ writer, sequence }: ChainRecord): StatusError {
  return new StatusError(
    'DATA_LOSS',
    `Record ${sequence} of writer "${writer}" is not readable as an audit record: verify its chain with: countersign audit verify`,
  )
}

/** A change has no id of its own; the hash names it and never changes. */
function insertIdOf(row: AuditRow): string {
  return row.hash.slice(0, 32)
}

/** Accepted records are checked by hash, not by shape, so one may still lack what an entry needs. */
function formatDecision(record: DecisionRecord, row: AuditRow): LogEntry {
  try {
    return formatRecordedEntry(record)
  } catch {
    throw damaged(row)
  }
}

function isChange(value: JsonObject): value is JsonObject & ChangeRecord {
  return (
    typeof value['methodName'] === 'string' &&
    typeof value['time'] === 'string' &&
    typeof value['principal'] === 'string' &&
    Array.isArray(value['permissions'])
  )
}
