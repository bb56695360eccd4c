import type { FilterParser } from '../changes/filter.ts'

const TERM = /^([A-Za-z.]+)="([^"]*)"$/
const SUFFIX = /^has_suffix\(([A-Za-z.]+), ?"([^"]*)"\)$/

/** A filter language of equalities and `has_suffix`, joined by ` AND `: what the flows' own tests need of the real one. */
export const readPlainFilter: FilterParser = (text) => {
  const terms = text === '' ? [] : text.split(' AND ')
  const equal = terms.flatMap((term) => pairOf(TERM.exec(term)))
  const suffix = terms.flatMap((term) => pairOf(SUFFIX.exec(term)))
  if (equal.length + suffix.length < terms.length)
    return { ok: false, issues: [{ path: [], message: `cannot read ${JSON.stringify(text)}`, line: 1, column: 1 }] }
  return {
    ok: true,
    value: {
      matches: (resource) =>
        equal.every(([field, value]) => valueAt(resource, field) === value) &&
        suffix.every(([field, value]) => String(valueAt(resource, field)).endsWith(value)),
      demanded: (field) => equal.find(([name]) => name === field)?.[1],
      demandedSuffix: (field) => suffix.find(([name]) => name === field)?.[1],
    },
  }
}

function pairOf(match: RegExpExecArray | null): readonly (readonly [string, string])[] {
  return match === null ? [] : [[match[1] ?? '', match[2] ?? '']]
}

function valueAt(resource: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((value, step) => (typeof value === 'object' && value !== null ? Reflect.get(value, step) : undefined), resource)
}
