import type { RejectionCause, SignatureFact } from '@countersign/core/attestation/attestation.ts'
import { quoteForPeople } from './payload/quote.ts'

/**
 * What one signature by one key proves over one payload. A pure function of those bytes: it may be kept for ever under `factKey`.
 */
export type SignatureVerdict =
  | { readonly ok: true; readonly fact: SignatureFact }
  | { readonly ok: false; readonly cause: RejectionCause; readonly detail: string }

/** A verdict that proves nothing, with a sentence for people; quote hostile text in it with `quoteForPeople`. */
export function reject(cause: RejectionCause, detail: string): SignatureVerdict {
  return { ok: false, cause, detail }
}

/** What a caught error of a library said, fit for people. */
export function messageOf(error: unknown): string {
  return quoteForPeople(error instanceof Error ? error.message : String(error)).slice(1, -1)
}
