import type { Parsed } from '../parsed.ts'
import { quote } from '../quote.ts'

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
  /** A well-formed sha384 or sha512 digest. Runtimes may accept it; nothing is ever attested by it. */
  readonly otherDigest?: string
}

/** Longer than any reference that a registry can serve: host 253, port 6, path 255, tag 128, digest 136, separators. */
export const MAX_REFERENCE_LENGTH = 1_024
const MAX_PATH_LENGTH = 255
const MAX_TAG_LENGTH = 128

const DEFAULT_DOMAIN = 'docker.io'
const LEGACY_DEFAULT_DOMAIN = 'index.docker.io'
const IDENTIFIER = /^[a-f0-9]{64}$/
const DOMAIN = /^(?:[A-Za-z0-9]+(?:-+[A-Za-z0-9]+)*(?:\.[A-Za-z0-9]+(?:-+[A-Za-z0-9]+)*)*|\[[A-Fa-f0-9:]+\])(?::[0-9]+)?$/
const PATH_COMPONENT = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/
const TAG = /^\w[\w.-]*$/
const SHA256 = /^sha256:[a-f0-9]{64}$/
const OTHER_DIGEST = /^(?:sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128})$/

/**
 * Parses an image reference as container runtimes do: the rules of distribution/reference v0.6 (`ParseNormalizedNamed`),
 * which docker, containerd and the kubelet share. One thing is stricter: there, a host that is no valid host may turn out
 * to be a path without any host (`a_b.c/x`), which no runtime can pull; here it is refused.
 */
export function parseImageReference(text: string): Parsed<ImageReference> {
  if (text === '') return refuse(text, 'expected a repository name')
  if (text.length > MAX_REFERENCE_LENGTH) return refuse(text, `expected at most ${MAX_REFERENCE_LENGTH} characters, got ${text.length}`)
  if (IDENTIFIER.test(text)) return refuse(text, 'expected a repository name, got 64 hexadecimal digits, which name an image by its id')
  const { domain, rest } = splitDomain(text)
  const { path, tag, digest } = splitRest(rest)
  const fault = findDomainFault(domain) ?? findPathFault(path) ?? findTagFault(tag) ?? findDigestFault(digest)
  if (fault !== undefined) return refuse(text, fault)
  return { ok: true, value: { text, domain, path, ...(tag === undefined ? {} : { tag }), ...digestMember(digest) } }
}

/** Parses `sha256:…`. */
export function parseImageDigest(text: string): Parsed<ImageDigest> {
  if (isImageDigest(text)) return { ok: true, value: text }
  return {
    ok: false,
    issues: [{ path: [], message: `Image digest ${quote(text)} is not valid: expected sha256: and 64 lower-case hexadecimal digits` }],
  }
}

/** Narrows a text to an image digest. */
export function isImageDigest(text: string): text is ImageDigest {
  return SHA256.test(text)
}

/** The normalised repository of a reference: `docker.io/library/nginx` for `nginx:1.25`. */
export function repositoryOf(reference: ImageReference): string {
  return `${reference.domain}/${reference.path}`
}

/**
 * The first component is a host only if it can be nothing else: it holds a dot or a colon, is `localhost`, or has capital
 * letters, which no repository may have.
 */
function splitDomain(text: string): { readonly domain: string; readonly rest: string } {
  const slash = text.indexOf('/')
  const first = text.slice(0, Math.max(slash, 0))
  const isDomain = /[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase()
  const domain = !isDomain || first === LEGACY_DEFAULT_DOMAIN ? DEFAULT_DOMAIN : first
  const rest = isDomain ? text.slice(slash + 1) : text
  return { domain, rest: domain === DEFAULT_DOMAIN && !rest.includes('/') ? `library/${rest}` : rest }
}

function splitRest(rest: string): { readonly path: string; readonly tag: string | undefined; readonly digest: string | undefined } {
  const at = rest.indexOf('@')
  const name = at < 0 ? rest : rest.slice(0, at)
  const colon = name.indexOf(':')
  return {
    path: colon < 0 ? name : name.slice(0, colon),
    tag: colon < 0 ? undefined : name.slice(colon + 1),
    digest: at < 0 ? undefined : rest.slice(at + 1),
  }
}

function findDomainFault(domain: string): string | undefined {
  return DOMAIN.test(domain) ? undefined : `expected a registry host with an optional port, got ${quote(domain)}`
}

function findPathFault(path: string): string | undefined {
  if (path.length > MAX_PATH_LENGTH) return `expected a repository path of at most ${MAX_PATH_LENGTH} characters, got ${path.length}`
  if (path.split('/').every((component) => PATH_COMPONENT.test(component))) return undefined
  if (path !== path.toLowerCase()) return `expected a repository path in lower case, got ${quote(path)}`
  return `expected lower-case letters and digits, joined by one of . _ __ - in each part of the repository path, got ${quote(path)}`
}

function findTagFault(tag: string | undefined): string | undefined {
  if (tag === undefined || (tag.length <= MAX_TAG_LENGTH && TAG.test(tag))) return undefined
  return `expected a tag of at most ${MAX_TAG_LENGTH} letters, digits, _ . and -, not beginning with . or -, got ${quote(tag)}`
}

function findDigestFault(digest: string | undefined): string | undefined {
  if (digest === undefined || SHA256.test(digest) || OTHER_DIGEST.test(digest)) return undefined
  return `expected a digest sha256: and 64 lower-case hexadecimal digits, got ${quote(digest)}`
}

function digestMember(digest: string | undefined): Pick<ImageReference, 'digest' | 'otherDigest'> {
  if (digest === undefined) return {}
  return isImageDigest(digest) ? { digest } : { otherDigest: digest }
}

function refuse(text: string, fault: string): Parsed<never> {
  return { ok: false, issues: [{ path: [], message: `Image ${quote(text)} is not a valid reference: ${fault}` }] }
}
