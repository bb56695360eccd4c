import { parseImageReference } from '../image/reference.ts'
import { compilePatterns, parsePattern } from './pattern.ts'
import type { CompiledPatterns, ImagePattern } from './pattern.ts'

/** What is worth knowing about one pattern: its place in the list, and a sentence with a next step. */
export interface PatternNote {
  readonly index: number
  readonly message: string
}

// Registries where anyone may have a namespace, so that the host alone vouches for nothing.
const PUBLIC_REGISTRIES = [
  'docker.io',
  'index.docker.io',
  'gcr.io',
  'us.gcr.io',
  'eu.gcr.io',
  'asia.gcr.io',
  'ghcr.io',
  'quay.io',
  'public.ecr.aws',
  'registry.gitlab.com',
]
const ZEROS = '0'.repeat(64)

/** Finds patterns that do something other than what people who write them usually mean (binary-authorization.md §1.5, §9). */
export function* lintPatterns(texts: readonly string[]): Generator<PatternNote> {
  const patterns = texts.flatMap((text, index) => {
    const parsed = parsePattern(text)
    return parsed.ok ? [{ index, pattern: parsed.value }] : []
  })
  const shadows = compileShadows(patterns.map(({ pattern }) => pattern))
  const seen = new Set<string>()
  for (const { index, pattern } of patterns) {
    const message = findTrap(pattern) ?? (seen.has(pattern.text) ? 'Pattern stands in the list twice: remove one' : findShadow(pattern, shadows))
    seen.add(pattern.text)
    if (message !== undefined) yield { index, message }
  }
}

function findTrap(pattern: ImagePattern): string | undefined {
  return findImpossible(pattern) ?? findTooWide(pattern) ?? findBareName(pattern) ?? findSpelling(pattern) ?? findMovingTag(pattern)
}

function findImpossible(pattern: ImagePattern): string | undefined {
  if (/^[a-z]+:\/\//.test(pattern.text))
    return `Pattern can never match, because an image has no scheme: write ${pattern.text.replace(/^[a-z]+:\/\//, '')}`
  if (completions(pattern).some((text) => parseImageReference(text).ok)) return undefined
  return 'Pattern can never match, because no valid image reference looks like it: compare it with the image text in your manifests'
}

/** Texts of which one is a valid reference if the pattern matches any. */
function completions({ kind, prefix }: ImagePattern): readonly string[] {
  if (kind === 'EXACT') return [prefix]
  const digest = prefix.slice(prefix.indexOf('@') + 1)
  if (prefix.includes('@')) return ['sha256:', 'sha384:', 'sha512:'].flatMap((algorithm) => completeDigest(prefix, digest, algorithm))
  return [prefix, `${prefix}a`, `${prefix}a:a`]
}

function completeDigest(prefix: string, digest: string, algorithm: string): readonly string[] {
  if (!algorithm.startsWith(digest.slice(0, algorithm.length))) return []
  const length = algorithm.length + Number(algorithm.slice(3, 6)) / 4
  const whole = (digest.length < algorithm.length ? algorithm : digest) + ZEROS + ZEROS
  return digest.length > length ? [] : [prefix.slice(0, prefix.length - digest.length) + whole.slice(0, length)]
}

function findTooWide({ kind, prefix }: ImagePattern): string | undefined {
  const registry = prefix.slice(0, prefix.indexOf('/'))
  if (kind !== 'EXACT' && prefix === `${registry}/` && PUBLIC_REGISTRIES.includes(registry)) {
    return `Pattern admits images of anybody, because anyone may push to ${registry}: name your own project after ${registry}/`
  }
  if (kind !== 'PATH' || prefix.endsWith('/') || hasTagOrDigest(prefix)) return undefined
  return `Pattern also matches names that only begin like this, such as ${prefix}-exploit/x, which may be another's: write ${prefix}/**`
}

function findBareName({ kind, text }: ImagePattern): string | undefined {
  if (kind !== 'EXACT' || hasTagOrDigest(text)) return undefined
  return `Pattern matches only the exact text ${text}, without tag or digest: for every tag and digest write ${text}:* and ${text}@*`
}

function findSpelling({ text }: ImagePattern): string | undefined {
  const [first = '', ...rest] = text.split('/')
  if (first === 'docker.io' || first === 'index.docker.io') {
    const short = rest.join('/').replace(/^library\//, '')
    return `Images match as they are written, and in manifests docker.io is often left out: write it out there, or add the short forms such as ${short}`
  }
  if (/[.:]/.test(first) && rest.length > 0) return undefined
  if (first === 'localhost' && rest.length > 0) return undefined
  return 'Pattern matches only images that are written in this short form of docker.io: write registries out in manifests and here'
}

function findMovingTag({ kind, text }: ImagePattern): string | undefined {
  if (kind !== 'EXACT' || text.includes('@')) return undefined
  return 'Pattern exempts whatever the tag points to, and a tag can be pushed again: name the digest to exempt one image'
}

function hasTagOrDigest(text: string): boolean {
  return /[:@]/.test(text.slice(text.lastIndexOf('/') + 1))
}

interface Shadows {
  readonly wildcards: CompiledPatterns
  readonly paths: CompiledPatterns
}

function compileShadows(patterns: readonly ImagePattern[]): Shadows {
  const wildcards = patterns.filter(({ kind }) => kind !== 'EXACT')
  const paths = wildcards.filter(({ kind }) => kind === 'PATH')
  return { wildcards: compilePatterns(wildcards.map(({ text }) => text)), paths: compilePatterns(paths.map(({ text }) => text)) }
}

/**
 * Finds another pattern that matches whatever this one does. What a prefix without its last character matches, matches the
 * prefix too, unless that character is the slash at which a `*` stops.
 */
function findShadow({ kind, text, prefix }: ImagePattern, { wildcards, paths }: Shadows): string | undefined {
  const shorter = prefix.slice(0, -1)
  const bySegment = kind === 'EXACT' ? wildcards.find(text) : kind === 'PATH' || prefix.endsWith('/') ? undefined : wildcards.find(shorter)
  const covering = bySegment ?? paths.find(kind === 'PATH' ? shorter : prefix)
  return covering === undefined ? undefined : `Pattern adds nothing, because ${covering} matches all that it does: remove one of the two`
}
