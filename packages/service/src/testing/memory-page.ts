import type { Page, PageRequest } from '../changes/page.ts'

/** One page of rows, in the order of their keys; the key of the last row continues it. */
export function pageOf<T>(rows: readonly T[], keyOf: (row: T) => string, page: PageRequest): Page<T> {
  const sorted = rows.map((row) => ({ key: keyOf(row), row })).sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
  const { after } = page
  const rest = after === undefined ? sorted : sorted.filter(({ key }) => key > after)
  const shown = rest.slice(0, page.pageSize)
  const next = rest.length > shown.length ? shown.at(-1)?.key : undefined
  return { items: shown.map(({ row }) => row), ...(next === undefined ? {} : { next }) }
}

/** A number as a key whose text order is its number order. */
export function numberKey(value: number): string {
  return String(value).padStart(16, '0')
}
