import { parseTimestamp } from '@countersign/core/timestamp.ts'
import type { Dialect } from './dialect.ts'
import { camelCase } from './dialect.ts'
import type { Expression, FieldPath } from './expression.ts'
import type { Pattern } from './pattern.ts'

/** An expression whose fields are canonical and whose regular expressions are compiled. */
export interface Evaluation {
  readonly expression: Expression
  readonly dialect: Dialect
  /** By source text. */
  readonly patterns: ReadonlyMap<string, Pattern>
}

type Restriction = Expression & { readonly type: 'RESTRICTION' }

/** How much of one resource a text that may stand anywhere is looked for in. */
const MAX_VALUES = 100_000

/**
 * Whether a resource, as a plain JSON tree, passes a filter. A field that is absent fails every comparison, `!=` and `!~` too, but NOT
 * of one passes (Cloud Logging query language, "Missing fields"). A list passes where one of its items does.
 */
export function evaluate({ expression, dialect, patterns }: Evaluation, resource: unknown): boolean {
  const passes = (one: Expression): boolean => {
    switch (one.type) {
      case 'AND':
        return one.operands.every(passes)
      case 'OR':
        return one.operands.some(passes)
      case 'NOT':
        return !passes(one.operand)
      case 'GLOBAL':
        return holdsText(resource, dialect.fold(one.text), dialect)
      case 'CALL':
        return valuesAt(resource, one.field).some((value) => passesCall(one, value, dialect))
      case 'RESTRICTION':
        return valuesAt(resource, one.field).some((value) => passesRestriction(one, value, { dialect, patterns }))
    }
  }
  return passes(expression)
}

function passesCall({ name, field, text }: Expression & { readonly type: 'CALL' }, value: unknown, dialect: Dialect): boolean {
  if (typeof value !== 'string') return false
  const folded = dialect.fold(dialect.canonicalText(field, value))
  if (name === 'has_suffix') return folded.endsWith(dialect.fold(text))
  return folded.startsWith(dialect.fold(dialect.canonicalText(field, text)))
}

function passesRestriction(restriction: Restriction, value: unknown, { dialect, patterns }: Pick<Evaluation, 'dialect' | 'patterns'>): boolean {
  const { operator, literal } = restriction
  switch (operator) {
    case 'EQ':
      return equals(restriction, value, dialect)
    case 'NE':
      return isScalar(value) && !equals(restriction, value, dialect)
    case 'HAS':
      return has(restriction, value, dialect)
    case 'MATCHES':
      return typeof value === 'string' && patterns.get(literal.text)?.(value) === true
    case 'NOT_MATCHES':
      return typeof value === 'string' && patterns.get(literal.text)?.(value) === false
    default: {
      const order = isScalar(value) ? compare(String(value), literal.text, dialect) : undefined
      if (order === undefined) return false
      return operator === 'LT' ? order < 0 : operator === 'LE' ? order <= 0 : operator === 'GT' ? order > 0 : order >= 0
    }
  }
}

function equals({ field, literal }: Restriction, value: unknown, dialect: Dialect): boolean {
  if (typeof value === 'number') return literal.text.trim() !== '' && Number(literal.text) === value
  if (typeof value === 'boolean') return literal.text.toLowerCase() === String(value)
  if (typeof value !== 'string') return false
  const form = (text: string): string => dialect.fold(dialect.canonicalText(field, text))
  if (form(value) === form(literal.text)) return true
  return isTime(value) && isTime(literal.text) && compare(value, literal.text, dialect) === 0
}

/** `:` — part of a text, a member of an object, or anything at all for `*`. */
function has(restriction: Restriction, value: unknown, dialect: Dialect): boolean {
  const { field, literal } = restriction
  if (literal.text === '*' && !literal.quoted) return value !== null
  if (typeof value === 'string') {
    return dialect.fold(value).includes(dialect.fold(literal.text)) || equals({ ...restriction, field }, value, dialect)
  }
  if (typeof value !== 'object' || value === null) return equals(restriction, value, dialect)
  return Object.hasOwn(value, literal.text) || Object.values(value).some((member) => isScalar(member) && has(restriction, member, dialect))
}

/** Numbers by size, times by moment, severities by rank, other texts letter by letter. Undefined where the two cannot be compared. */
function compare(value: string, literal: string, dialect: Dialect): number | undefined {
  const [a, b] = [Number(value), Number(literal)]
  if (value.trim() !== '' && literal.trim() !== '' && !Number.isNaN(a) && !Number.isNaN(b)) return a - b
  const [from, to] = [timeOf(value), timeOf(literal)]
  if (from !== undefined && to !== undefined) return from.instant - to.instant || compareTexts(from.below, to.below)
  const [low, high] = [dialect.rankOf(value), dialect.rankOf(literal)]
  if (low !== undefined && high !== undefined) return low - high
  return compareTexts(dialect.fold(value), dialect.fold(literal))
}

/** A time as milliseconds and the digits below them, which the log has and `Instant` has not. A day alone is its beginning. */
function timeOf(text: string): { readonly instant: number; readonly below: string } | undefined {
  const whole = /^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text
  const instant = parseTimestamp(whole)
  if (instant === undefined) return undefined
  const digits = /\.(\d+)/.exec(whole)?.[1] ?? ''
  return { instant, below: digits.padEnd(9, '0').slice(3) }
}

function isTime(text: string): boolean {
  return timeOf(text) !== undefined
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** All values that a path leads to: a list on the way stands for each of its items. */
function valuesAt(tree: unknown, field: FieldPath): readonly unknown[] {
  const reached = field.reduce<readonly unknown[]>((values, name) => values.flatMap((value) => membersAt(value, name)), [tree])
  return reached.flatMap((value): readonly unknown[] => (Array.isArray(value) ? value : [value]))
}

function membersAt(value: unknown, name: string): readonly unknown[] {
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value
    if (/^\d+$/.test(name)) return Number(name) < items.length ? [items[Number(name)]] : []
    return items.flatMap((item) => (Array.isArray(item) ? [] : membersAt(item, name)))
  }
  if (typeof value !== 'object' || value === null) return []
  const members = value as Readonly<Record<string, unknown>>
  const key = [name, camelCase(name)].find((one) => Object.hasOwn(members, one))
  return key === undefined ? [] : [members[key]]
}

/** Whether a text stands anywhere in a tree, in a value or in a member's name. */
function holdsText(tree: unknown, text: string, dialect: Dialect): boolean {
  const waiting: unknown[] = [tree]
  for (let seen = 0; waiting.length > 0 && seen < MAX_VALUES; seen++) {
    const value = waiting.pop()
    if (typeof value === 'object' && value !== null) {
      if (!Array.isArray(value) && Object.keys(value).some((name) => dialect.fold(name).includes(text))) return true
      for (const member of Object.values(value) as readonly unknown[]) waiting.push(member)
    } else if (isScalar(value) && dialect.fold(String(value)).includes(text)) return true
  }
  return false
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}
