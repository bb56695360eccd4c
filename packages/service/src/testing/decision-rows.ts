import { decideAdmission } from '@countersign/core/admission/decide.ts'
import { makeReceipt } from '@countersign/core/admission/receipt.ts'
import { evidence, IMAGE, request, verified } from '@countersign/core/admission/testing/admission.ts'
import { parseProjectId } from '@countersign/core/name/resource-name.ts'
import { formatCanonicalJson } from '@countersign/evidence/record/canonical-json.ts'
import { appendToChain, EMPTY_CHAIN } from '@countersign/evidence/record/chain.ts'
import type { ChainHead } from '@countersign/evidence/record/chain.ts'
import { sealReceipt } from '@countersign/evidence/record/receipt.ts'
import type { AuditRow } from '../audit/ports.ts'
import { getValue } from '../changes/invalid.ts'

/** A chain of a gate's records as it ships them, one a second: each the admission of an attested image, its uid `request-0`, `request-1`, … */
export function makeDecisionRows(writer: string, projectIds: readonly string[]): readonly AuditRow[] {
  let head: ChainHead = EMPTY_CHAIN
  return projectIds.map((id, index) => {
    const project = getValue(parseProjectId(id))
    const time = `2026-01-31T13:00:${String(index).padStart(2, '0')}.000000Z`
    const asked = request([IMAGE], { project, uid: `request-${index}` })
    const known = evidence([verified()])
    const receipt = makeReceipt(asked, known, decideAdmission(asked, known), { evaluator: '0.1.0' })
    const receiptDigest = sealReceipt(receipt).digest
    const record = { insertId: `${writer}-${index}`, receipt, receiptDigest, timestamp: time, verifiedBy: 'URL_SEGMENT' }
    const link = appendToChain(writer, head, formatCanonicalJson(record))
    head = link
    return { ...link, writer, project, time, receiptDigest }
  })
}
