import type { ImageDigest } from '@countersign/core/image/reference.ts'

const DIGEST = /^sha256:[0-9a-f]{64}$/

/** Narrows a text to an image digest: `sha256:` and 64 lower-case hexadecimal digits, nothing else. */
export function isImageDigest(text: unknown): text is ImageDigest {
  return typeof text === 'string' && DIGEST.test(text)
}

/**
 * The digest that a resource URI ends with: `https://host/path@sha256:…`, with or without scheme. Undefined where it has
 * none. Attestations are matched by this suffix alone (binary-authorization.md §3.4).
 */
export function digestOfResourceUri(resourceUri: string): ImageDigest | undefined {
  const digest = resourceUri.slice(resourceUri.lastIndexOf('@') + 1)
  return resourceUri.includes('@') && isImageDigest(digest) ? digest : undefined
}
