import { isJsonObject } from '@countersign/core/json-object.ts'
import { parseProjectId } from '@countersign/core/name/resource-name.ts'
import { parseTimestamp } from '@countersign/core/timestamp.ts'
import { damaged, readRecord } from './log-entry.ts'
import type { AuditRow, ChainRecord } from './ports.ts'

/** By what a decision's record is found. */
export type Filing = Required<Pick<AuditRow, 'project' | 'time' | 'receiptDigest'>>

/**
 * Where a decision's record belongs, read from its hashed text alone: of what stands beside the text nobody could tell who changed it, and a record filed
 * under another project is as good as gone. DATA_LOSS where the text does not say.
 */
export function fileDecision(row: ChainRecord): Filing {
  const { receipt, receiptDigest, timestamp } = readRecord(row)
  const request = isJsonObject(receipt) ? receipt['request'] : undefined
  const id = isJsonObject(request) ? request['project'] : undefined
  const project = typeof id === 'string' ? parseProjectId(id) : undefined
  const dated = typeof timestamp === 'string' && parseTimestamp(timestamp) !== undefined
  if (!dated || typeof receiptDigest !== 'string' || !project?.ok) throw damaged(row)
  return { project: project.value, time: timestamp, receiptDigest }
}
