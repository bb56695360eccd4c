import type { AdmissionDecision } from '@countersign/core/admission/decision.ts'
import type { AdmissionEvidence } from '@countersign/core/admission/evidence.ts'
import { makeReceipt } from '@countersign/core/admission/receipt.ts'
import { formatDecisionEntry } from '@countersign/core/audit/decision-entry.ts'
import { digestReceipt } from '@countersign/evidence/record/receipt.ts'
import manifest from '../../package.json' with { type: 'json' }
import type { Asked } from '../asked.ts'
import { formatCanonicalText } from './canonical-text.ts'
import type { Spool, SpoolDraft } from '../spool/spool.ts'
import type { GateLog, Surroundings } from '../surroundings.ts'

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
 * Records into the gate's spool. A record is `{"entry":…,"receipt":…}` as canonical JSON: the decision's log entry, which
 * names the receipt's digest, and the whole receipt, for what is not in it now cannot be replayed later.
 */
export function spoolRecorder(spool: Spool, surroundings: Surroundings, log: GateLog): Recorder {
  let failing = false
  return {
    record: (decided) =>
      new Promise((resolve) => {
        const draft = draftRecord(decided, surroundings)
        spool.append(draft, (failure) => {
          if (failure !== undefined && !failing)
            log.alarm('Decisions cannot be recorded: enforced rules are not decided', {
              cause: failure.cause instanceof Error ? failure.cause.message : failure.message,
            })
          if (failure === undefined && failing) log.info('Decisions can be recorded again')
          failing = failure !== undefined
          resolve(failure === undefined ? { ok: true, receiptDigest: draft.receiptDigest } : { ok: false })
        })
      }),
  }
}

function draftRecord(decided: DecidedRequest, surroundings: Surroundings): SpoolDraft {
  const { request, evidence, decision, caller } = decided
  const timestamp = surroundings.timestamp()
  const receipt = formatCanonicalText(
    makeReceipt(request, evidence, decision, { evaluator: manifest.version, policyDigest: decided.project.policyDigest }),
  )
  const receiptDigest = digestReceipt(receipt)
  const entry = formatDecisionEntry({ insertId: surroundings.uuid(), timestamp, request, decision, receiptDigest, verifiedBy: caller.verifiedBy })
  const canonical = `{"entry":${formatCanonicalText(entry)},"receipt":${receipt}}`
  return { canonical, project: request.project, time: timestamp, receiptDigest }
}
