import type { RejectionCause, SignatureFact } from '@countersign/core/attestation/attestation.ts'
import { escapeHidden } from '@countersign/core/hidden-character.ts'

/**
 * What one signature by one key proves over one payload. A pure function of those bytes: it may be kept for ever under `factKey`.
 */
export type SignatureVerdict =
  | { readonly ok: true; readonly fact: SignatureFact }
  | { readonly ok: false; readonly cause: RejectionCause; readonly detail: string }

/** A verdict that proves nothing, with a sentence for people; hostile text in it is quoted. */
export function reject(cause: RejectionCause, detail: string): SignatureVerdict {
  return { ok: false, cause, detail }
}

const MAX_MESSAGE = 200

/** What a caught error of a library said, fit for people. */
export function messageOf(error: unknown): string {
  return escapeHidden((error instanceof Error ? error.message : String(error)).slice(0, MAX_MESSAGE))
}
