import { type ImageDigest, isImageDigest } from '@countersign/core/image/reference.ts'
import type { Parsed } from '@countersign/core/parsed.ts'

/** An image as `--artifact-url` names it. */
export interface ArtifactUrl {
  /** Registry and repository, without scheme, tag and digest. */
  readonly repository: string
  readonly digest: ImageDigest
  /** As gcloud stores it in an occurrence: without a scheme, but with the tag that was written. */
  readonly resourceUri: string
}

const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i
const DIGEST_LENGTH = 71
const REPOSITORY = /^[a-z0-9._/-]+$/

/**
 * Parses `--artifact-url` by gcloud's rules and with its error texts (binary-authorization.md §3.1): a scheme is stripped, the
 * registry must be explicit, a digest must stand behind `@`, a tag before it is dropped.
 */
export function parseArtifactUrl(url: string): Parsed<ArtifactUrl> {
  const scheme = SCHEME.exec(url)?.[0] ?? ''
  const rest = url.slice(scheme.length)
  if (scheme !== '' && !/^https?:\/\/$/i.test(scheme)) return wrong(`Image URL '${url}' has the scheme '${scheme}', expected https:// or none`)
  if (rest.startsWith('/') || rest === '') return wrong(`Image URL '${url}' is invalid because it does not have a host component.`)
  const at = rest.indexOf('@')
  if (at < 0) return wrong(`Docker image name must be fully qualified (e.g.registry/repository@digest) saw: ${rest}`)
  return parseQualified(rest, rest.slice(0, at), rest.slice(at + 1))
}

function parseQualified(resourceUri: string, name: string, digest: string): Parsed<ArtifactUrl> {
  if (digest.length !== DIGEST_LENGTH) {
    return wrong(`Invalid digest: ${digest}, must be at ${digest.length < DIGEST_LENGTH ? 'least' : 'most'} ${DIGEST_LENGTH} characters`)
  }
  if (!isImageDigest(digest)) return wrong(`Invalid digest: ${digest}, expected sha256: and 64 lower-case hexadecimal digits`)
  const slash = name.indexOf('/')
  const registry = name.slice(0, Math.max(slash, 0))
  if (!/[.:]/.test(registry)) return wrong(`A Docker registry domain must be specified.`)
  const path = withoutTag(name.slice(slash + 1))
  if (!REPOSITORY.test(path)) return wrong(`Invalid repository: ${path}, acceptable characters include: lower-case letters, digits and _-./`)
  return { ok: true, value: { repository: `${registry}/${path}`, digest, resourceUri } }
}

function withoutTag(path: string): string {
  const colon = path.lastIndexOf(':')
  return colon > path.lastIndexOf('/') ? path.slice(0, colon) : path
}

function wrong(message: string): Parsed<never> {
  return { ok: false, issues: [{ path: [], message }] }
}
