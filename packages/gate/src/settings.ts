import type { UnseenByImageReview } from '@countersign/core/admission/evidence.ts'
import { WEBHOOK_NAME } from '@countersign/core/admission/labels.ts'

/** What an operator may set of a gate. Every number is a bound that hostile input meets. */
export interface GateSettings {
  /** How "could not decide" leaves: as a non-2xx, so that the cluster's own failure policy speaks, or as a refusal that says so. */
  readonly undecided: 'error' | 'deny'
  /** The webhook's name before its audit labels in the log; the original's, unless the cluster's configuration says another. */
  readonly webhookName: string
  /** What an ImageReview, which shows neither labels nor image volumes, must show before it may be concluded: else it is not decided. */
  readonly imageReviewMustShow: readonly UnseenByImageReview[]
  /** How long the gate decides without having read the change feed; absent: for ever, the age is shown in the metrics. */
  readonly stalenessBudgetMs?: number
  /** For a review that names no timeout of its own. */
  readonly decisionTimeoutMs: number
  /** How often the change feed is read when nothing wakes the follower. */
  readonly pollIntervalMs: number
  readonly maxBodyBytes: number
  /** Bodies being read or judged at one moment, together. */
  readonly maxBytesInFlight: number
  readonly maxConnections: number
  /** From the first byte of a request to its last. */
  readonly requestTimeoutMs: number
  /** Above the 90 s for which an API server keeps an idle connection, so that it is never the gate that closes first. */
  readonly keepAliveTimeoutMs: number
  /** Nesting of a review's JSON. */
  readonly maxDepth: number
  /** Attestations kept in memory. */
  readonly maxFactBytes: number
  /** Decisions kept on disk until the store has them; a full spool stops enforced decisions. */
  readonly maxSpoolBytes: number
  readonly spoolSegmentBytes: number
}

export const DEFAULT_GATE_SETTINGS: GateSettings = {
  undecided: 'error',
  webhookName: WEBHOOK_NAME,
  imageReviewMustShow: [],
  decisionTimeoutMs: 10_000,
  pollIntervalMs: 1_000,
  maxBodyBytes: 8 * 1024 * 1024,
  maxBytesInFlight: 64 * 1024 * 1024,
  maxConnections: 2_000,
  requestTimeoutMs: 10_000,
  keepAliveTimeoutMs: 100_000,
  maxDepth: 200,
  maxFactBytes: 64 * 1024 * 1024,
  maxSpoolBytes: 1024 * 1024 * 1024,
  spoolSegmentBytes: 8 * 1024 * 1024,
}
