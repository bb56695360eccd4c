import { formatCanonicalJson } from './canonical-json.ts'
import { sha256Hex } from './hash.ts'

/** A receipt's exact bytes as text, and the digest that names it. */
export interface SealedReceipt {
  readonly canonical: string
  /** `sha256:` and 64 hexadecimal digits. */
  readonly digest: string
}

/** Seals a decision's receipt: its canonical JSON and the SHA-256 of `countersign.receipt.v1`, a line feed and that text (docs/spec/receipt.md). */
export function sealReceipt(receipt: unknown): SealedReceipt {
  const canonical = formatCanonicalJson(receipt)
  return { canonical, digest: digestReceipt(canonical) }
}

/** The digest of a receipt's canonical text, as it was kept. */
export function digestReceipt(canonical: string): string {
  return `sha256:${sha256Hex(`countersign.receipt.v1\n${canonical}`)}`
}

/** The digest under which a receipt names one of its inputs, such as a policy or an attestor: of its canonical JSON, behind its kind. */
export function digestInput(kind: string, value: unknown): string {
  return `sha256:${sha256Hex(`countersign.input.v1\n${kind}\n${formatCanonicalJson(value)}`)}`
}
