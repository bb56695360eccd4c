const MAX_DEPTH = 64

/**
 * Canonical JSON (RFC 8785): one text for one value, so that its hash names the value. Members are sorted by UTF-16 units,
 * numbers and strings are written as ECMAScript writes them. Members that are `undefined` are left out, as in JSON.
 * Throws a TypeError for what JSON cannot say without loss (a number that is not finite, a bigint, a function, an object that is
 * not plain, `undefined` in an array) and a RangeError for a nesting deeper than 64.
 *
 * A lone surrogate, which the RFC leaves no text for, is written as its escape (`\ud800`), as ECMAScript does: hostile text must be recorded as it
 * came, and nobody may be able to make a decision that cannot be recorded.
 */
export function formatCanonicalJson(value: unknown): string {
  return formatValue(value, 0)
}

function formatValue(value: unknown, depth: number): string {
  if (depth > MAX_DEPTH) throw new RangeError(`Cannot write canonical JSON: nested deeper than ${MAX_DEPTH}`)
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'number') return formatNumber(value)
  if (Array.isArray(value)) return `[${Array.from(value, (item) => formatValue(item, depth + 1)).join(',')}]`
  if (typeof value === 'object' && isPlain(value)) return formatObject(value, depth)
  throw new TypeError(`Cannot write canonical JSON: found ${describe(value)}, expected what JSON can say`)
}

function formatObject(value: object, depth: number): string {
  // The default order of sort() is that of UTF-16 units, which is RFC 8785's.
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  const byKey = new Map(members)
  const sorted = [...byKey.keys()].sort()
  return `{${sorted.map((key) => `${JSON.stringify(key)}:${formatValue(byKey.get(key), depth + 1)}`).join(',')}}`
}

function formatNumber(value: number): string {
  if (!Number.isFinite(value)) throw new TypeError(`Cannot write canonical JSON: found ${value}, expected a finite number`)
  return JSON.stringify(value)
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function describe(value: unknown): string {
  return typeof value === 'object' ? `an object of ${value?.constructor.name ?? 'no class'}` : typeof value
}
