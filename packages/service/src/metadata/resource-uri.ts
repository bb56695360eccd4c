const DIGEST_SUFFIX = /@(sha256:[0-9a-f]{64})$/
const SCHEME = /^https?:\/\//

/**
 * The digest that a resource URI ends in, if any. kritis writes `https://REPO@sha256:…`, gcloud strips the scheme: attestations are found by the
 * digest, never by the whole text (binary-authorization.md §3.4).
 */
export function findDigest(resourceUri: string): string | undefined {
  return DIGEST_SUFFIX.exec(resourceUri)?.[1]
}

/** A resource URI without its web scheme: the form in which two spellings of one resource are the same text. */
export function withoutScheme(resourceUri: string): string {
  return resourceUri.replace(SCHEME, '')
}
