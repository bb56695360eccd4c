import { decideAdmission } from '../admission/decide.ts'
import type { AdmissionDecision, ImageVerdict, UndecidedReason } from '../admission/decision.ts'
import { type DecisionReceipt, evidenceOfReceipt, type ReceiptInputs, requestOfReceipt } from '../admission/receipt.ts'
import { isJsonObject } from '../json-object.ts'

/** One place where a decision that was made again is another than the recorded one. A value that is absent is `undefined`. */
export interface Difference {
  /** Member by member: `images[0].result.reason.code`. */
  readonly path: string
  readonly recorded: unknown
  readonly now: unknown
}

/** What came of deciding a receipt again. */
export type Replay =
  | { readonly outcome: 'AGREES' }
  | { readonly outcome: 'DIFFERS'; readonly differences: readonly Difference[] }
  /** What was kept is not what the receipt names: nothing can be said of its decision. */
  | { readonly outcome: 'INPUTS_DIFFER' }

const MAX_DIFFERENCES = 20
/** Reasons that the gate gives, in place of the law's EVIDENCE_NOT_GATHERED, for why it could not gather. */
const OUTAGES: readonly UndecidedReason['code'][] = ['DEADLINE_EXCEEDED', 'STORE_UNAVAILABLE']

/**
 * Decides a receipt's request again from its own inputs and the kept versions that it names (docs/spec/receipt.md). Everything is compared but the
 * advice beside a denial, whose words may get better: at most 20 differences are named.
 */
export function replayReceipt(receipt: DecisionReceipt, kept: ReceiptInputs): Replay {
  const evidence = evidenceOfReceipt(receipt, kept)
  if (evidence === undefined) return { outcome: 'INPUTS_DIFFER' }
  const recorded = receipt.decision
  const now = asTheGateSaysIt(decideAdmission(requestOfReceipt(receipt), evidence), recorded)
  const differences = listDifferences(withoutAdvice(recorded), withoutAdvice(now))
  return differences.length === 0 ? { outcome: 'AGREES' } : { outcome: 'DIFFERS', differences: differences.slice(0, MAX_DIFFERENCES) }
}

function asTheGateSaysIt(now: AdmissionDecision, { undecided }: AdmissionDecision): AdmissionDecision {
  const isOutage = undecided !== undefined && OUTAGES.includes(undecided.code)
  return isOutage && now.undecided?.code === 'EVIDENCE_NOT_GATHERED' ? { ...now, undecided } : now
}

function withoutAdvice(decision: AdmissionDecision): unknown {
  return { ...decision, images: decision.images.map(({ fix: _, ...verdict }: ImageVerdict) => verdict) }
}

/** Where two JSON values differ. A member that is absent and one that is `undefined` are the same. */
function listDifferences(recorded: unknown, now: unknown, path = ''): readonly Difference[] {
  if (Array.isArray(recorded) && Array.isArray(now)) {
    const [one, other]: readonly [readonly unknown[], readonly unknown[]] = [recorded, now]
    const length = Math.max(one.length, other.length)
    return Array.from({ length }, (_, index) => listDifferences(one[index], other[index], `${path}[${index}]`)).flat()
  }
  if (isJsonObject(recorded) && isJsonObject(now)) {
    const members = new Set([...Object.keys(recorded), ...Object.keys(now)])
    return [...members].flatMap((member) => listDifferences(recorded[member], now[member], path === '' ? member : `${path}.${member}`))
  }
  return Object.is(recorded, now) ? [] : [{ path, recorded, now }]
}
