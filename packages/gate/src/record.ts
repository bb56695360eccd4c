import type { AdmissionDecision } from '@countersign/core/admission/decision.ts'
import type { AdmissionEvidence } from '@countersign/core/admission/evidence.ts'
import { formatDecisionEntry } from '@countersign/core/audit/decision-entry.ts'
import { formatCanonicalJson } from '@countersign/evidence/record/canonical-json.ts'
import { sealReceipt } from '@countersign/evidence/record/receipt.ts'
import type { Asked } from './admit.ts'
import { formReceipt } from './receipt.ts'
import type { Spool, SpoolDraft } from './spool/spool.ts'
import type { GateLog, Surroundings } from './surroundings.ts'

/** A decision with all that it was made of. */
export type DecidedRequest = Asked & { readonly evidence: AdmissionEvidence; readonly decision: AdmissionDecision }

/** Whether a decision is durable, and under which receipt. */
export type Recorded = { readonly ok: true; readonly receiptDigest: string } | { readonly ok: false }

/** Makes decisions durable before they are answered. */
export interface Recorder {
  /** Resolves when the record is on disk, or when it is sure that it is not. Never rejects. */
  record(decided: DecidedRequest): Promise<Recorded>
}

/**
 * Records into the gate's spool. The record is the decision's log entry as canonical JSON, with the whole receipt in its
 * metadata beside the receipt's digest: what is not in it now cannot be replayed later.
 */
export function spoolRecorder(spool: Spool, surroundings: Surroundings, log: GateLog): Recorder {
  let failing = false
  return {
    record: decided =>
      new Promise(resolve => {
        const draft = draftRecord(decided, surroundings)
        spool.append(draft, failure => {
          if (failure !== undefined && !failing) log.alarm('Decisions cannot be recorded: enforced rules are not decided', { cause: String(failure.cause ?? failure.message) })
          if (failure === undefined && failing) log.info('Decisions can be recorded again')
          failing = failure !== undefined
          resolve(failure === undefined ? { ok: true, receiptDigest: draft.receiptDigest } : { ok: false })
        })
      }),
  }
}

function draftRecord(decided: DecidedRequest, surroundings: Surroundings): SpoolDraft {
  const { request, decision, caller } = decided
  const timestamp = surroundings.timestamp()
  const receipt = formReceipt(decided)
  const { digest } = sealReceipt(receipt)
  const entry = formatDecisionEntry({ insertId: surroundings.uuid(), timestamp, request, decision, receiptDigest: digest, verifiedBy: caller.verifiedBy })
  const metadata = { ...(entry.protoPayload.metadata as object), receipt, ...(caller.subject === undefined ? {} : { callerSubject: caller.subject }) }
  const canonical = formatCanonicalJson({ ...entry, protoPayload: { ...entry.protoPayload, metadata } })
  return { canonical, project: request.project, time: timestamp, receiptDigest: digest }
}
