import type { VerdictCache } from '@countersign/evidence/attestation/check-attestation.ts'
import type { SignatureVerdict } from '@countersign/evidence/verdict.ts'

/**
 * Signature verdicts under their exact inputs, the newest `maxEntries` of them: when a digest gets another attestation, those
 * that it had are not verified again.
 */
export class BoundedVerdictCache implements VerdictCache {
  readonly #verdicts = new Map<string, SignatureVerdict>()
  readonly #maxEntries: number

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries
  }

  get(key: string): SignatureVerdict | undefined {
    return this.#verdicts.get(key)
  }

  set(key: string, verdict: SignatureVerdict): void {
    this.#verdicts.set(key, verdict)
    if (this.#verdicts.size <= this.#maxEntries) return
    const oldest = this.#verdicts.keys().next().value
    if (oldest !== undefined) this.#verdicts.delete(oldest)
  }
}
