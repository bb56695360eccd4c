import type { Page, PageRequest } from '@countersign/service/changes/page.ts'

/** Cuts a page from rows that were read one more than the page holds; `keyOf` gives the key to go on after. */
export function pageOf<R, T>(
  rows: readonly R[],
  { pageSize }: PageRequest,
  shape: { readonly keyOf: (row: R) => string; readonly parse: (row: R) => T },
): Page<T> {
  const shown = rows.slice(0, pageSize)
  const last = shown.at(-1)
  const items = shown.map(shape.parse)
  return rows.length > pageSize && last !== undefined ? { items, next: shape.keyOf(last) } : { items }
}

/** The key of a numbered row: its number, in decimal. */
export function numberKey(value: number): string {
  return String(value)
}

/** The number of a key; 0 where it is no number, which begins at the start. */
export function parseNumberKey(key: string | undefined): number {
  const value = Number(key)
  return Number.isSafeInteger(value) && value > 0 ? value : 0
}
