import type { Issue, Parsed } from '@countersign/core/parsed.ts'
import type { Document, Node, ParsedNode } from 'yaml'
import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseAllDocuments, stringify } from 'yaml'

const MAX_LENGTH = 4 * 1024 * 1024
const MAX_DOCUMENTS = 1000
const MAX_ISSUES = 50
/** How often aliases may be followed: manifests use a few, a bomb needs millions. */
const MAX_ALIASES = 100
const TOO_DEEP = 'The text is nested too deep'
/**
 * What ends a line, and with it a comment, for readers of YAML 1.1 such as kubectl's, and does not for readers of 1.2, whose
 * texts may hold it: one file would be two manifests.
 */
const ODD_BREAK = /\r(?!\n)|[\u0085\u2028\u2029]/
const ODD = 'The text holds a character that ends a line for some readers of YAML only: write it escaped, between double quotes'
const WORDS: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: 'The key stands twice in one map',
  NON_STRING_KEY: 'The key is not a text',
}

/** 1-based place in a text. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** One document of a YAML text. */
export interface YamlDocument {
  /** Plain values, as JSON would have them. A merge key (`<<`) has been merged, as kubectl does. Undefined: the document is empty. */
  readonly tree: unknown
  /** Where the member or item at this path stands, or the nearest of its ancestors that is there. */
  positionOf(path: Issue['path']): Position
}

/** How a YAML text is read. */
export interface YamlOptions {
  /** `refuse`: no alias at all, where nobody needs one. Default: a hundred. */
  readonly aliases?: 'refuse'
}

/**
 * Parses a text of YAML 1.2 or JSON, with one or many documents; empty ones at the end are left out. Refused, with the place of each
 * fault: line ends that not every reader takes for one, duplicate keys, alias bombs, keys that are no texts, more than 4 MiB or 1000 documents, nesting that exhausts the parser.
 */
export function parseYamlDocuments(text: string, options: YamlOptions = {}): Parsed<readonly YamlDocument[]> {
  if (text.length > MAX_LENGTH) return refuse(`The text has ${text.length} characters, expected at most ${MAX_LENGTH}`)
  const lines = new LineCounter()
  const odd = ODD_BREAK.exec(text)
  if (odd !== null) return { ok: false, issues: [{ path: [], message: ODD, ...placeOf(countLines(text, lines), odd.index) }] }
  const parsed = parseAllDocuments(text, {
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: true,
    merge: true,
    uniqueKeys: true,
    logLevel: 'silent',
  })
  const documents = Array.isArray(parsed) ? parsed : []
  if (documents.length > MAX_DOCUMENTS) return refuse(`The text has ${documents.length} documents, expected at most ${MAX_DOCUMENTS}`)
  const errors = documents.flatMap((document) => document.errors)
  if (errors.some(({ code }) => code === 'RESOURCE_EXHAUSTION')) return refuse(TOO_DEEP)
  const issues = errors
    .slice(0, MAX_ISSUES)
    .map(({ code, pos, message }) => ({ path: [], message: WORDS[code] ?? message, ...placeOf(lines, pos[0]) }))
  if (issues.length > 0) return { ok: false, issues }
  return readDocuments(documents, lines, options)
}

/** Formats plain values as gcloud writes its exports: keys in order, lists not indented, long texts as they are (binary-authorization.md §1.8). */
export function formatYaml(tree: unknown): string {
  // YAML 1.1 is what gcloud reads: a time or a `no` must be quoted to stay a text there.
  const options = { version: '1.1', sortMapEntries: true, indentSeq: false, lineWidth: 0, aliasDuplicateObjects: false } as const
  const text = stringify(tree ?? null, { ...options, singleQuote: true })
  if (!ODD_BREAK.test(text)) return text
  // Only double quotes can hold it escaped, so that our own reader, too, takes the file.
  const quoted = stringify(tree ?? null, { ...options, singleQuote: false, blockQuote: false, defaultStringType: 'QUOTE_DOUBLE' })
  return quoted.replace(/[\u0085\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function readDocuments(documents: readonly Document.Parsed[], lines: LineCounter, options: YamlOptions): Parsed<readonly YamlDocument[]> {
  const issues: Issue[] = []
  const read: YamlDocument[] = []
  for (const document of documents) {
    const tree = toTree(document, options)
    if (tree.ok) read.push({ tree: tree.value, positionOf: (path) => findPosition(document, lines, path) })
    else issues.push(...tree.issues.map((issue) => ({ ...issue, ...placeOf(lines, document.contents?.range?.[0]) })))
  }
  while (read.length > 0 && read.at(-1)?.tree === undefined) read.pop()
  return issues.length > 0 ? { ok: false, issues } : { ok: true, value: read }
}

function toTree(document: Document.Parsed, { aliases }: YamlOptions): Parsed<unknown> {
  if (document.contents === null) return { ok: true, value: undefined }
  const isEmpty = isScalar(document.contents) && document.contents.value === null && document.contents.source === ''
  if (isEmpty) return { ok: true, value: undefined }
  try {
    return { ok: true, value: document.toJS({ maxAliasCount: aliases === 'refuse' ? 0 : MAX_ALIASES }) as unknown }
  } catch (error) {
    if (error instanceof RangeError) return refuse(TOO_DEEP)
    if (!(error instanceof ReferenceError)) throw error
    return refuse(
      aliases === 'refuse' ? 'Aliases are not allowed here: write the value where it is used' : `Aliases cannot be followed: ${error.message}`,
    )
  }
}

function findPosition(document: Document.Parsed, lines: LineCounter, path: Issue['path']): Position {
  let node: Node | null = document.contents
  let offset = rangeStart(node) ?? 0
  for (const step of path) {
    const target: ParsedNode | Node | undefined = isAlias(node) ? node.resolve(document) : (node ?? undefined)
    const next: { readonly at: unknown; readonly inside: unknown } | undefined = findStep(target, step)
    if (next === undefined) break
    offset = rangeStart(next.at) ?? offset
    node = isNode(next.inside) ? next.inside : null
  }
  return placeOf(lines, offset)
}

function findStep(node: Node | undefined, step: string | number): { readonly at: unknown; readonly inside: unknown } | undefined {
  if (isSeq(node) && typeof step === 'number') return step < node.items.length ? { at: node.items[step], inside: node.items[step] } : undefined
  if (!isMap(node)) return undefined
  const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step))
  return pair === undefined ? undefined : { at: pair.key, inside: pair.value }
}

function countLines(text: string, lines: LineCounter): LineCounter {
  lines.addNewLine(0)
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines.addNewLine(at + 1)
  return lines
}

function rangeStart(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined
}

function placeOf(lines: LineCounter, offset: number | undefined): Position {
  const { line, col } = lines.linePos(offset ?? 0)
  return { line: Math.max(line, 1), column: Math.max(col, 1) }
}

function refuse(message: string): Parsed<never> {
  return { ok: false, issues: [{ path: [], message }] }
}
