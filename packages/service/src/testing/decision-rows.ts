import { getValue } from '../changes/invalid.ts'
import { activityLog } from '@countersign/core/audit/log-entry.ts'
import { parseProjectId } from '@countersign/core/name/resource-name.ts'
import { formatCanonicalJson } from '@countersign/evidence/record/canonical-json.ts'
import { appendToChain, EMPTY_CHAIN } from '@countersign/evidence/record/chain.ts'
import type { ChainHead } from '@countersign/evidence/record/chain.ts'
import { sealReceipt } from '@countersign/evidence/record/receipt.ts'
import type { AuditRow } from '../audit/ports.ts'

/** A chain of a gate's records as it ships them, one a second, each `{"entry":…,"receipt":…}`. */
export function makeDecisionRows(writer: string, projectIds: readonly string[]): readonly AuditRow[] {
  let head: ChainHead = EMPTY_CHAIN
  return projectIds.map((id, index) => {
    const project = getValue(parseProjectId(id))
    const time = `2026-01-31T13:00:${String(index).padStart(2, '0')}.000000Z`
    const receipt = sealReceipt({ version: 1, index })
    const payload = { serviceName: 'k8s.io', methodName: 'io.k8s.core.v1.pods.create', metadata: { receiptDigest: receipt.digest } }
    const entry = { logName: activityLog(project), insertId: `${writer}-${index}`, timestamp: time, severity: 'INFO', protoPayload: payload }
    const link = appendToChain(writer, head, `{"entry":${formatCanonicalJson(entry)},"receipt":${receipt.canonical}}`)
    head = link
    return { ...link, writer, project, time, receiptDigest: receipt.digest }
  })
}
