import type { Page, PageRequest } from './page.ts'

/** How many rows one request looks at before it gives what it has: a filter that fits nothing must not read the whole store. */
const MAX_SCANNED = 5000

/** Rows read at once. */
const MAX_PART = 20
/** How long the rows that one request looks at may be together: a page may be shorter than asked, never longer than memory. */
const MAX_LENGTH = 8 * 1024 * 1024

/** Rows to choose from. */
export interface Matching<Row, Item> {
  readonly list: (part: PageRequest) => Promise<Page<Row>>
  readonly lengthOf: (row: Row) => number
  /** Undefined leaves a row out. */
  readonly select: (row: Row) => Item | undefined
}

/**
 * One page of what `select` makes of the rows. Each part that is read is no longer than what the page still lacks, so the key after it continues
 * exactly behind the last row that was looked at.
 */
export async function listMatching<Row, Item>(page: PageRequest, { list, lengthOf, select }: Matching<Row, Item>): Promise<Page<Item>> {
  const items: Item[] = []
  let after = page.after
  for (let scanned = 0, length = 0; scanned < MAX_SCANNED && length < MAX_LENGTH; ) {
    const pageSize = Math.min(page.pageSize - items.length, MAX_PART)
    const part = await list({ pageSize, ...(after === undefined ? {} : { after }) })
    scanned += part.items.length
    length += part.items.reduce((sum, row) => sum + lengthOf(row), 0)
    items.push(...part.items.map(select).filter((item) => item !== undefined))
    after = part.next
    if (after === undefined) return { items }
    if (items.length === page.pageSize) break
  }
  return { items, ...(after === undefined ? {} : { next: after }) }
}
