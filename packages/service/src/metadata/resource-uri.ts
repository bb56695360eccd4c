const SCHEME = /^https?:\/\//

/**
 * A resource URI without its web scheme: kritis writes `https://REPO@sha256:…`, gcloud strips the scheme, and both mean one resource
 * (binary-authorization.md §3.4).
 */
export function withoutScheme(resourceUri: string): string {
  return resourceUri.replace(SCHEME, '')
}
