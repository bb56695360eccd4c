import { MAX_REFERENCE_LENGTH } from '../image/reference.ts'
import type { Parsed } from '../parsed.ts'
import { quote } from '../quote.ts'
import { StatusError } from '../status.ts'

/**
 * An admission whitelist pattern (binary-authorization.md §1.5). EXACT matches one text; SEGMENT (`*`) what begins with
 * `prefix` and has no further slash; PATH (`**`) whatever begins with it. Wildcards continue the text before them, they
 * know nothing of path segments.
 */
export interface ImagePattern {
  readonly text: string
  readonly kind: 'EXACT' | 'SEGMENT' | 'PATH'
  readonly prefix: string
}

/** Many admission whitelist patterns, compiled into one structure. */
export interface CompiledPatterns {
  /**
   * The most specific pattern that matches the image text exactly as written, if any: the exact one, else the longest
   * prefix, `*` before `**`. The answer does not depend on the order of the patterns.
   */
  find(imageText: string): string | undefined
}

// What a reference may consist of, and an IPv6 host only at its beginning.
const CHARACTERS = /^(?:\[[A-Fa-f0-9:]+\])?[A-Za-z0-9._/:@+-]*$/

/**
 * Parses a pattern. Wildcards may stand only at the end and only after `registry/`. A pattern without a wildcard matches
 * that exact text only, so a bare name does not match the name with a tag (DESIGN §13); `lintPolicy` warns of it.
 */
export function parsePattern(text: string): Parsed<ImagePattern> {
  const fault = findFault(text)
  if (fault !== undefined) return { ok: false, issues: [{ path: [], message: `Pattern ${quote(text)} is not valid: ${fault}` }] }
  return { ok: true, value: readPattern(text) }
}

/** Does a pattern match an image text exactly as written? */
export function matchesPattern(pattern: ImagePattern, imageText: string): boolean {
  if (pattern.kind === 'EXACT') return imageText === pattern.text
  if (!imageText.startsWith(pattern.prefix)) return false
  return pattern.kind === 'PATH' || imageText.indexOf('/', pattern.prefix.length) < 0
}

/**
 * Compiles patterns. A look-up costs one hash and a binary search, whatever their number. Throws INVALID_ARGUMENT for a
 * text that `parsePattern` refuses: an unchecked `*` would admit everything.
 */
export function compilePatterns(patterns: readonly string[]): CompiledPatterns {
  const exact = new Set<string>()
  const wildcards = new Map<string, number>()
  for (const text of patterns) {
    const { kind, prefix } = acceptPattern(text)
    if (kind === 'EXACT') exact.add(text)
    else wildcards.set(prefix, (wildcards.get(prefix) ?? 0) | (kind === 'SEGMENT' ? SEGMENT : PATH))
  }
  const prefixes = compilePrefixes(wildcards)
  return { find: (imageText) => (exact.has(imageText) ? imageText : findWildcard(prefixes, imageText)) }
}

const SEGMENT = 1
const PATH = 2

/**
 * The prefixes in order, and for each the place of the longest other prefix that it begins with (-1: none). Together a
 * trie without nodes: all prefixes of a text lie on one chain, which begins at the last prefix that is not after the text.
 */
interface SortedPrefixes {
  readonly texts: readonly string[]
  readonly kinds: Uint8Array
  readonly parents: Int32Array
}

function compilePrefixes(wildcards: ReadonlyMap<string, number>): SortedPrefixes {
  const texts = [...wildcards.keys()].sort()
  const kinds = Uint8Array.from(texts, (text) => wildcards.get(text) ?? 0)
  const parents = new Int32Array(texts.length)
  for (const [place, text] of texts.entries()) {
    let parent = place - 1
    while (parent >= 0 && !text.startsWith(texts[parent] ?? '')) parent = parents[parent] ?? -1
    parents[place] = parent
  }
  return { texts, kinds, parents }
}

function findWildcard({ texts, kinds, parents }: SortedPrefixes, imageText: string): string | undefined {
  const lastSlash = imageText.lastIndexOf('/')
  for (let place = findLastNotAfter(texts, imageText); place >= 0; place = parents[place] ?? -1) {
    const prefix = texts[place] ?? ''
    if (!imageText.startsWith(prefix)) continue
    const kind = kinds[place] ?? 0
    if ((kind & SEGMENT) !== 0 && lastSlash < prefix.length) return `${prefix}*`
    if ((kind & PATH) !== 0) return `${prefix}**`
  }
  return undefined
}

function findLastNotAfter(texts: readonly string[], imageText: string): number {
  let low = 0
  let high = texts.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((texts[middle] ?? '') <= imageText) low = middle + 1
    else high = middle
  }
  return low - 1
}

function acceptPattern(text: string): ImagePattern {
  const parsed = parsePattern(text)
  if (parsed.ok) return parsed.value
  throw new StatusError('INVALID_ARGUMENT', parsed.issues[0]?.message ?? 'Pattern is not valid')
}

function findFault(text: string): string | undefined {
  if (text === '') return 'expected registry/path/to/image, then a tag, a digest, * or **'
  if (text.length > MAX_REFERENCE_LENGTH) return `expected at most ${MAX_REFERENCE_LENGTH} characters, got ${text.length}`
  const { kind, prefix } = readPattern(text)
  if (prefix.includes('*')) return misplacedWildcard(text, prefix)
  if (prefix.includes('[@:]')) return 'character classes are not known here, write one pattern with : and one with @'
  if (!CHARACTERS.test(prefix)) return 'expected only characters that an image reference may hold: letters, digits and . _ / : @ + -'
  if (kind !== 'EXACT' && prefix.indexOf('/') < 1) return 'a wildcard may stand only after "registry/", such as registry.example/*'
  return undefined
}

function misplacedWildcard(text: string, prefix: string): string {
  if (/^[^*]*\*{3,}$/.test(text)) return 'expected * (without slashes) or ** (with slashes) at the end'
  return `a wildcard may stand only at the end, such as ${quote(`${prefix.slice(0, prefix.indexOf('*'))}*`)}`
}

function readPattern(text: string): ImagePattern {
  if (text.endsWith('**')) return { text, kind: 'PATH', prefix: text.slice(0, -2) }
  if (text.endsWith('*')) return { text, kind: 'SEGMENT', prefix: text.slice(0, -1) }
  return { text, kind: 'EXACT', prefix: text }
}
