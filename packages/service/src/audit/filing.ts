import { isJsonObject, type JsonObject } from '@countersign/core/json-object.ts'
import { parseProjectId } from '@countersign/core/name/resource-name.ts'
import { StatusError } from '@countersign/core/status.ts'
import { parseTimestamp } from '@countersign/core/timestamp.ts'
import { damaged, readRecord } from './log-entry.ts'
import type { AuditRow, ChainRecord } from './ports.ts'

/** By what a decision's record is found. */
type Filing = Required<Pick<AuditRow, 'project' | 'time' | 'receiptDigest'>>

/** Refuses a row that is filed elsewhere than its text says, with DATA_LOSS: its chain would verify, and yet nobody would find it where it belongs. */
export function requireFiled(row: AuditRow, record: JsonObject): void {
  const { project, time, receiptDigest }: JsonObject =
    'receipt' in record ? { ...fileDecision(row, record) } : { project: record['project'], time: record['time'] }
  if (row.project === project && row.time === time && row.receiptDigest === receiptDigest) return
  throw new StatusError(
    'DATA_LOSS',
    `Record ${row.sequence} of writer "${row.writer}" is filed elsewhere than its text says: somebody altered the store`,
  )
}

/**
 * Where a decision's record belongs, read from its hashed text alone: of what stands beside the text nobody could tell who changed it, and a record filed
 * under another project is as good as gone. DATA_LOSS where the text does not say.
 */
export function fileDecision(row: ChainRecord, record: JsonObject = readRecord(row)): Filing {
  const { receipt, receiptDigest, timestamp } = record
  const request = isJsonObject(receipt) ? receipt['request'] : undefined
  const id = isJsonObject(request) ? request['project'] : undefined
  const project = typeof id === 'string' ? parseProjectId(id) : undefined
  const dated = typeof timestamp === 'string' && parseTimestamp(timestamp) !== undefined
  if (!dated || typeof receiptDigest !== 'string' || !project?.ok) throw damaged(row)
  return { project: project.value, time: timestamp, receiptDigest }
}
