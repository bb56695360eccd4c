import { type ImageDigest, isImageDigest } from '@countersign/core/image/reference.ts'

/**
 * The digest that a resource URI ends with: `https://host/path@sha256:…`, with or without scheme. Undefined where it has
 * none. Attestations are matched by this suffix alone (binary-authorization.md §3.4).
 */
export function digestOfResourceUri(resourceUri: string): ImageDigest | undefined {
  const digest = resourceUri.slice(resourceUri.lastIndexOf('@') + 1)
  return resourceUri.includes('@') && isImageDigest(digest) ? digest : undefined
}
