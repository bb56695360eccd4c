import { parseSync } from 'oxc-parser'

/** Something that a file does, and where. */
export interface Use {
  readonly what: string
  readonly line: number
}

/** What the guard needs to know of a file: the modules it names, types included, and what it asks of the world. */
export interface SourceFile {
  /** Relative to the checkout, with forward slashes. */
  readonly path: string
  /** The specifiers of imports, re-exports, dynamic imports and import types, as written. */
  readonly imports: readonly Use[]
  /** `async`, `await`, `Date.now`, `new Date()`, `process.env`, and other globals by name, as `purity.ts` lists them. */
  readonly uses: readonly Use[]
}

interface Node {
  readonly type: string
  readonly start: number
  readonly [field: string]: unknown
}

/**
 * Reads one TypeScript file from its syntax tree, so that neither a comment nor a string counts.
 * Throws on a file that does not parse: what cannot be read cannot be cleared.
 */
export function readSourceFile(path: string, text: string): SourceFile {
  const { program, errors } = parseSync(path, text)
  const [error] = errors
  if (error !== undefined) throw new Error(`Cannot read ${path}: ${error.message}`)
  const imports: Use[] = []
  const uses: Use[] = []
  const lineAt = lineCounter(text)
  walk(program, (node) => {
    const specifier = importedBy(node)
    if (specifier !== undefined) imports.push({ what: specifier, line: lineAt(node.start) })
    for (const what of usedBy(node)) uses.push({ what, line: lineAt(node.start) })
  })
  return { path, imports, uses }
}

function walk(value: unknown, visit: (node: Node) => void): void {
  if (Array.isArray(value)) for (const item of value) walk(item, visit)
  if (!isNode(value)) return
  visit(value)
  for (const [field, child] of Object.entries(value)) {
    if (!isPlainName(value, field)) walk(child, visit)
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
}

/** `a.process` and `{ process: 1 }` name a property and not the global. */
function isPlainName(node: Node, field: string): boolean {
  if (node['computed'] === true) return false
  return (node.type === 'MemberExpression' && field === 'property') || (field === 'key' && node['shorthand'] !== true)
}

function importedBy(node: Node): string | undefined {
  const source = node['source']
  if (!isNode(source) || source.type !== 'Literal' || typeof source['value'] !== 'string') return undefined
  return source['value']
}

function usedBy(node: Node): readonly string[] {
  if (node.type === 'AwaitExpression' || (node.type === 'ForOfStatement' && node['await'] === true)) return ['await']
  if (node['async'] === true) return ['async']
  if (node.type === 'Identifier') return [String(node['name'])]
  const callee = node['callee']
  if (node.type === 'NewExpression' && isNode(callee) && callee['name'] === 'Date' && isEmptyList(node['arguments'])) return ['new Date()']
  const { object, property } = node
  if (node.type === 'MemberExpression' && isNode(object) && isNode(property)) return [`${object['name']}.${property['name']}`]
  return []
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0
}

function lineCounter(text: string): (offset: number) => number {
  const starts = [0, ...text.matchAll(/\n/g).map((match) => match.index + 1)]
  return (offset) => starts.findLastIndex((start) => start <= offset) + 1
}
