import { formatCanonicalJson } from '@countersign/evidence/record/canonical-json.ts'

/**
 * The text of `formatCanonicalJson`, several times faster for what a gate records with every admission: printable ASCII is
 * copied as it is, names that are in order already are not sorted, and everything unusual (depth, numbers that are no safe
 * integers, what is no JSON) is left to the careful writer. `canonical-text.test.ts` proves both equal.
 */
export function formatCanonicalText(value: unknown): string {
  const text = write(value, 0)
  return text === undefined ? formatCanonicalJson(value) : text
}

const MAX_DEPTH = 60
const PLAIN = /^[ !#-[\]-~]*$/

/** Undefined where the careful writer must see the whole. */
function write(value: unknown, depth: number): string | undefined {
  if (typeof value === 'string') return writeText(value)
  if (typeof value === 'number') return Number.isSafeInteger(value) && !Object.is(value, -0) ? `${value}` : undefined
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
  const names = Object.keys(object)
  for (let index = 1; index < names.length; index++) {
    if ((names[index] ?? '') < (names[index - 1] ?? '')) {
      names.sort()
      break
    }
  }
  let text = '{'
  for (const name of names) {
    const member = object[name]
    if (member === undefined) continue
    const value = write(member, depth + 1)
    if (value === undefined) return undefined
    text += text === '{' ? `${writeText(name)}:${value}` : `,${writeText(name)}:${value}`
  }
  return `${text}}`
}
