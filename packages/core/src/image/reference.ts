import type { Parsed } from '../parsed.ts'

/** `sha256:` and 64 lower-case hexadecimal digits. The only digest by which an image is judged. */
export type ImageDigest = string & { readonly __brand: 'ImageDigest' }

/** An image reference, parsed once at the door (docker's normalisation, distribution/reference's rules). */
export interface ImageReference {
  /** The text exactly as written: allowlist patterns and denial texts use this. */
  readonly text: string
  /** Registry host with optional port, normalised: `docker.io` where none was written. */
  readonly domain: string
  /** Repository path, normalised: `library/nginx` for `nginx`. */
  readonly path: string
  readonly tag?: string
  /** Present only where the reference carries a well-formed sha256 digest. */
  readonly digest?: ImageDigest
}

/** Parses an image reference as container runtimes do. */
export function parseImageReference(_text: string): Parsed<ImageReference> {
  throw new Error('H1')
}
