import { WEBHOOK_NAME } from '@countersign/core/admission/labels.ts'
import { digestReceipt } from '@countersign/evidence/record/receipt.ts'
import manifest from '../../package.json' with { type: 'json' }
import type { Spool } from '../spool/spool.ts'
import type { GateLog, Surroundings } from '../surroundings.ts'
import type { DecidedRequest } from './decided-request.ts'
import { findDenialIdentity } from './denial-identity.ts'
import { formatReceipt, formatRecord } from './record-text.ts'
import { DENIAL_WINDOW_MS, RepeatedDenials, type ToldDecision } from './repeated-denials.ts'

/** Who waits for a record. */
export interface RecordWitness {
  /** Told while the record is being written, at most once: the receipt under which it will be known. Not told of a denial that is counted with another. */
  readonly named: (receiptDigest: string) => void
  /** Told once: the receipt under which the decision is durable, or undefined where it is sure that it is not. */
  readonly settled: (receiptDigest: string | undefined) => void
}

type OnRecorded = RecordWitness['settled']

/** Makes decisions durable before they are answered. */
export interface Recorder {
  record(decided: DecidedRequest, witness: RecordWitness): void
  /** Records what was only counted; to be called before the spool closes. */
  close(): void
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
  const append = (canonical: string, settle: (durable: boolean) => void) =>
    spool.append({ canonical }, (failure) => {
      if (failure !== undefined && !failing)
        log.alarm('Decisions cannot be recorded: enforced rules are not decided', {
          cause: failure.cause instanceof Error ? failure.cause.message : failure.message,
        })
      if (failure === undefined && failing) log.info('Decisions can be recorded again')
      failing = failure !== undefined
      settle(failure === undefined)
    })
  // While a crowd waits for the disk, each of it holds its text and its digest, not what it was made of.
  const appendDecision = (canonical: string, receiptDigest: string, told: { readonly settled: OnRecorded; readonly begun: OnRecorded | undefined }) =>
    append(canonical, (durable) => {
      const known = durable ? receiptDigest : undefined
      told.settled(known)
      told.begun?.(known)
    })
  const stamp = () => ({
    ...(webhookName === WEBHOOK_NAME ? {} : { webhookName }),
    insertId: surroundings.uuid(),
    timestamp: surroundings.timestamp(),
  })
  const denials = new RepeatedDenials(({ receipt, ...told }, repeated, settle) =>
    append(formatRecord({ ...told, ...stamp(), repeated }, receipt), settle),
  )
  const timer = setInterval(() => denials.endWindows(surroundings.now()), DENIAL_WINDOW_MS / 4).unref()
  return {
    record: (decided, { named, settled }) => {
      const identity = findDenialIdentity(decided)
      const nowMs = surroundings.now()
      if (identity !== undefined && denials.count({ identity, nowMs, timestamp: surroundings.timestamp() }, settled)) return
      const told = tell(decided)
      const { receipt, ...rest } = told
      const begun = identity === undefined ? undefined : denials.begin(identity, nowMs, told)
      appendDecision(formatRecord({ ...rest, ...stamp() }, receipt), told.receiptDigest, { settled, begun })
      named(told.receiptDigest)
    },
    close: () => {
      clearInterval(timer)
      denials.close(surroundings.now())
    },
  }
}

function tell({ asked, evidence, decision }: DecidedRequest): ToldDecision {
  const { request, project, caller } = asked
  const receipt = formatReceipt(request, evidence, decision, { evaluator: manifest.version, policyDigest: project.policyDigest })
  const { verifiedBy, subject } = caller
  return { receipt, receiptDigest: digestReceipt(receipt), verifiedBy, ...(subject === undefined ? {} : { certificateSubject: subject }) }
}
