import type { Issue, Parsed } from '@countersign/core/parsed.ts'
import type { Dialect } from './dialect.ts'
import { LOG_DIALECT, RESOURCE_DIALECT } from './dialect.ts'
import { evaluate } from './evaluate.ts'
import type { Expression, FieldPath } from './expression.ts'
import { parseFilter } from './parse.ts'
import type { Pattern } from './pattern.ts'
import { compileRegex } from './pattern.ts'

const MAX_PATTERNS = 20

/** A filter made ready. */
export interface Filter {
  readonly expression: Expression
  /** Whether a resource, as plain JSON, passes. */
  matches(resource: unknown): boolean
  /** The text that the filter demands of a field in every case (`kind="ATTESTATION" AND …`), in its one canonical form. */
  demanded(field: string): string | undefined
  /** Likewise the suffix that `has_suffix(field, "…")` demands. */
  demandedSuffix(field: string): string | undefined
  /** The comparisons that the filter demands of a field in every case: `timestamp>="…" AND …`. */
  demandedBounds(field: string): readonly FieldBound[]
}

/** A comparison with a text. */
export interface FieldBound {
  readonly operator: 'EQ' | 'LT' | 'LE' | 'GT' | 'GE'
  readonly text: string
}

/** Reads a filter over notes or occurrences, v1 as proto3 JSON. The empty text passes everything. Issues have line and column. */
export function parseResourceFilter(text: string): Parsed<Filter> {
  return prepare(parseFilter(text), text, RESOURCE_DIALECT)
}

/** Reads a filter over log entries in Cloud Logging's language. The empty text passes everything. Issues have line and column. */
export function parseLogFilter(text: string): Parsed<Filter> {
  return prepare(parseFilter(text), text, LOG_DIALECT)
}

function prepare(parsed: Parsed<Expression>, text: string, dialect: Dialect): Parsed<Filter> {
  if (!parsed.ok) return parsed
  const expression = canonicalExpression(parsed.value, dialect)
  const compiled = compilePatterns(expression, text)
  if (!compiled.ok) return compiled
  const field = (name: string): FieldPath => dialect.canonicalField(name.split('.'))
  return {
    ok: true,
    value: {
      expression,
      matches: (resource) => evaluate({ expression, dialect, patterns: compiled.value }, resource),
      demanded: (name) => findDemanded(expression, field(name), dialect),
      demandedSuffix: (name) => findDemandedSuffix(expression, field(name)),
      demandedBounds: (name) => listDemandedBounds(expression, field(name)),
    },
  }
}

function canonicalExpression(expression: Expression, dialect: Dialect): Expression {
  switch (expression.type) {
    case 'AND':
    case 'OR':
      return { ...expression, operands: expression.operands.map((one) => canonicalExpression(one, dialect)) }
    case 'NOT':
      return { ...expression, operand: canonicalExpression(expression.operand, dialect) }
    case 'RESTRICTION':
    case 'CALL':
      return { ...expression, field: dialect.canonicalField(expression.field) }
    case 'GLOBAL':
      return expression
  }
}

function compilePatterns(expression: Expression, text: string): Parsed<ReadonlyMap<string, Pattern>> {
  const patterns = new Map<string, Pattern>()
  const issues: Issue[] = []
  const refuse = (offset: number, message: string): void => {
    const before = text.slice(0, offset)
    issues.push({ path: [], message, line: before.split('\n').length, column: offset - before.lastIndexOf('\n') })
  }
  for (const one of restrictionsIn(expression)) {
    const source = one.literal.text
    if ((one.operator !== 'MATCHES' && one.operator !== 'NOT_MATCHES') || patterns.has(source)) continue
    if (patterns.size === MAX_PATTERNS)
      return { ok: false, issues: [{ path: [], message: `The filter has more than ${MAX_PATTERNS} regular expressions` }] }
    const pattern = compileRegex(source)
    if (typeof pattern === 'string') refuse(one.offset, `Cannot use the filter: ${pattern}`)
    else patterns.set(source, pattern)
  }
  return issues.length > 0 ? { ok: false, issues } : { ok: true, value: patterns }
}

function restrictionsIn(expression: Expression): readonly (Expression & { readonly type: 'RESTRICTION' })[] {
  switch (expression.type) {
    case 'AND':
    case 'OR':
      return expression.operands.flatMap(restrictionsIn)
    case 'NOT':
      return restrictionsIn(expression.operand)
    case 'RESTRICTION':
      return [expression]
    default:
      return []
  }
}

/** What every resource that passes must meet: the terms of the ANDs from the top down. */
function demands(expression: Expression): readonly Expression[] {
  return expression.type === 'AND' ? expression.operands.flatMap(demands) : [expression]
}

function findDemanded(expression: Expression, field: FieldPath, dialect: Dialect): string | undefined {
  for (const one of demands(expression)) {
    if (one.type === 'RESTRICTION' && one.operator === 'EQ' && isSame(one.field, field)) return dialect.canonicalText(field, one.literal.text)
  }
  return undefined
}

function findDemandedSuffix(expression: Expression, field: FieldPath): string | undefined {
  for (const one of demands(expression)) if (one.type === 'CALL' && one.name === 'has_suffix' && isSame(one.field, field)) return one.text
  return undefined
}

function listDemandedBounds(expression: Expression, field: FieldPath): readonly FieldBound[] {
  return demands(expression).flatMap((one) => {
    if (one.type !== 'RESTRICTION' || !isSame(one.field, field)) return []
    const { operator, literal } = one
    return operator === 'EQ' || operator === 'LT' || operator === 'LE' || operator === 'GT' || operator === 'GE'
      ? [{ operator, text: literal.text }]
      : []
  })
}

function isSame(a: FieldPath, b: FieldPath): boolean {
  return a.length === b.length && a.every((name, index) => name === b[index])
}
