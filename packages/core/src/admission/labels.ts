import type { AdmissionDecision } from './decision.ts'
import { formatOverridden } from './denial-text.ts'
import type { TextGeneration } from './denial-text.ts'

/** Name of the original's webhook, before its audit labels and in its denials (binary-authorization.md §6.1). */
export const WEBHOOK_NAME = 'imagepolicywebhook.image-policy.k8s.io'

/** Audit annotations must fit into an API server's audit event beside everything else. */
const MAX_LABEL = 4_000

/**
 * The audit labels of a decision, without the webhook's name that the API server puts before them: `break-glass` whenever
 * the mark was used, even for compliant images (§6.5); `dry-run` where a dry-run rule let something in; and beside both,
 * where something would have been refused, `overridden-verification-result`. Empty for every other decision.
 */
export function listAuditLabels(decision: AdmissionDecision, generation: TextGeneration): Readonly<Record<string, string>> {
  const mark = decision.reason === 'BREAK_GLASS' ? 'break-glass' : decision.reason === 'DRY_RUN' ? 'dry-run' : undefined
  if (mark === undefined) return {}
  const overridden = formatOverridden(decision, generation)
  if (overridden === '') return { [mark]: 'true' }
  return { [mark]: 'true', 'overridden-verification-result': overridden.length > MAX_LABEL ? `${overridden.slice(0, MAX_LABEL)}…` : overridden }
}
