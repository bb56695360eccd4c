import type { AdmissionDecision } from '@countersign/core/admission/decision.ts'
import type { AdmissionEvidence } from '@countersign/core/admission/evidence.ts'
import { WEBHOOK_NAME } from '@countersign/core/admission/labels.ts'
import { digestReceipt } from '@countersign/evidence/record/receipt.ts'
import manifest from '../../package.json' with { type: 'json' }
import type { Asked } from '../asked.ts'
import type { Spool, SpoolDraft } from '../spool/spool.ts'
import type { GateLog, Surroundings } from '../surroundings.ts'
import { formatReceipt, formatRecord } from './record-text.ts'

/** A decision with all that it was made of. */
export interface DecidedRequest {
  readonly asked: Asked
  readonly evidence: AdmissionEvidence
  readonly decision: AdmissionDecision
}

/** Told once: the receipt under which a decision is durable, or undefined where it is sure that it is not. */
export type OnRecorded = (receiptDigest: string | undefined) => void

/** Makes decisions durable before they are answered. */
export interface Recorder {
  record(decided: DecidedRequest, recorded: OnRecorded): void
}

export interface RecorderParts {
  readonly spool: Spool
  readonly surroundings: Surroundings
  readonly log: GateLog
  /** The webhook's name, recorded where it is not the original's. */
  readonly webhookName: string
}

/**
 * Records into the gate's spool: the whole receipt, for what is not in it now cannot be replayed later, and what the log
 * shows beside it (docs/decisions/0006). Calls back instead of promising, because every admission passes here.
 */
export function spoolRecorder({ spool, surroundings, log, webhookName }: RecorderParts): Recorder {
  let failing = false
  const name = webhookName === WEBHOOK_NAME ? {} : { webhookName }
  return {
    record: (decided, recorded) => {
      const draft = draftRecord(decided, surroundings, name)
      spool.append(draft, (failure) => {
        if (failure !== undefined && !failing)
          log.alarm('Decisions cannot be recorded: enforced rules are not decided', {
            cause: failure.cause instanceof Error ? failure.cause.message : failure.message,
          })
        if (failure === undefined && failing) log.info('Decisions can be recorded again')
        failing = failure !== undefined
        recorded(failure === undefined ? draft.receiptDigest : undefined)
      })
    },
  }
}

interface Draft extends SpoolDraft {
  readonly receiptDigest: string
}

function draftRecord({ asked, evidence, decision }: DecidedRequest, surroundings: Surroundings, name: { readonly webhookName?: string }): Draft {
  const { request, project, caller } = asked
  const receipt = formatReceipt(request, evidence, decision, { evaluator: manifest.version, policyDigest: project.policyDigest })
  const receiptDigest = digestReceipt(receipt)
  const timestamp = surroundings.timestamp()
  const { verifiedBy, subject } = caller
  const certificate = subject === undefined ? {} : { certificateSubject: subject }
  const canonical = formatRecord({ ...certificate, ...name, insertId: surroundings.uuid(), receiptDigest, timestamp, verifiedBy }, receipt)
  return { canonical, receiptDigest }
}
