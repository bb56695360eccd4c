import { formatCanonicalJson } from '@countersign/evidence/record/canonical-json.ts'

/**
 * The text of `formatCanonicalJson`, several times faster for what a gate records with every admission: printable ASCII is
 * copied as it is, names that are in order already are not sorted, and everything unusual (depth, numbers that are no safe
 * integers, what is no JSON) is left to the careful writer. `canonical-text.test.ts` proves both equal.
 */
export function formatCanonicalText(value: unknown): string {
  const text = write(value, 0)
  if (text === undefined) return formatCanonicalJson(value)
  // Reading a character makes the engine flatten the tree of concatenations, which would otherwise live until the record is
  // written and be copied by every collection until then.
  text.charCodeAt(0)
  return text
}

const MAX_DEPTH = 60
const PLAIN = /^[ !#-[\]-~]*$/
const MAX_NAMES = 1_000
/** Member names as written, colon included. Most are the program's own; the bound is for the others. */
const names = new Map<string, string>()

/** Undefined where the careful writer must see the whole. */
function write(value: unknown, depth: number): string | undefined {
  if (typeof value === 'string') return writeText(value)
  if (typeof value === 'number') return Number.isSafeInteger(value) && !Object.is(value, -0) ? String(value) : undefined
  if (typeof value === 'boolean') return value ? 'true' : 'false'
  if (value === null) return 'null'
  if (typeof value !== 'object' || depth > MAX_DEPTH) return undefined
  return Array.isArray(value) ? writeItems(value, depth) : writeMembers(value as Record<string, unknown>, depth)
}

function writeText(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text)
}

function writeItems(items: readonly unknown[], depth: number): string | undefined {
  let text = '['
  for (let index = 0; index < items.length; index++) {
    const item = write(items[index], depth + 1)
    if (item === undefined) return undefined
    text += index === 0 ? item : `,${item}`
  }
  return `${text}]`
}

function writeMembers(object: Record<string, unknown>, depth: number): string | undefined {
  const prototype: unknown = Object.getPrototypeOf(object)
  if (prototype !== Object.prototype && prototype !== null) return undefined
  let text = ''
  for (const name of sortedNames(object)) {
    const member = object[name]
    if (member === undefined) continue
    const value = write(member, depth + 1)
    if (value === undefined) return undefined
    text += text === '' ? writeName(name) + value : `,${writeName(name)}${value}`
  }
  return `{${text}}`
}

function writeName(name: string): string {
  const known = names.get(name)
  if (known !== undefined) return known
  const written = `${writeText(name)}:`
  if (names.size < MAX_NAMES) names.set(name, written)
  return written
}

function sortedNames(object: Record<string, unknown>): readonly string[] {
  const found = Object.keys(object)
  for (let index = 1; index < found.length; index++) {
    if ((found[index] ?? '') < (found[index - 1] ?? '')) return found.sort()
  }
  return found
}
