import { isImageDigest } from './reference.ts'
import type { ImageDigest } from './reference.ts'

const DIGEST_LENGTH = 'sha256:'.length + 64

/**
 * The digest that a resource URI ends with, with or without a scheme before it: some clients write `https://`, gcloud does
 * not, and attestations are found by this suffix alone (§3.4). Undefined for everything else, a URI by tag included.
 */
export function digestOfResourceUri(uri: string): ImageDigest | undefined {
  const at = uri.length - DIGEST_LENGTH - 1
  if (at < 1 || uri[at] !== '@') return undefined
  const digest = uri.slice(at + 1)
  return isImageDigest(digest) ? digest : undefined
}
