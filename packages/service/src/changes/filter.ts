import type { Filter } from '@countersign/api/filter/filter.ts'
import type { Parsed } from '@countersign/core/parsed.ts'
import type { Page, PageRequest } from './page.ts'

/** Reads a filter; the empty text passes everything. Issues have line and column. */
export type FilterParser = (text: string) => Parsed<Filter>

/** How many rows one request looks at before it gives what it has: a filter that fits nothing must not read the whole store. */
const MAX_SCANNED = 5000

/**
 * One page of what `select` makes of the rows; undefined leaves a row out. Each part that is read is no longer than what the page still lacks, so the
 * key after it continues exactly behind the last row that was looked at.
 */
export async function listMatching<Row, Item>(
  page: PageRequest,
  list: (part: PageRequest) => Promise<Page<Row>>,
  select: (row: Row) => Item | undefined,
): Promise<Page<Item>> {
  const items: Item[] = []
  let after = page.after
  for (let scanned = 0; scanned < MAX_SCANNED; ) {
    const part = await list({ pageSize: page.pageSize - items.length, ...(after === undefined ? {} : { after }) })
    scanned += part.items.length
    items.push(...part.items.map(select).filter((item) => item !== undefined))
    after = part.next
    if (after === undefined) return { items }
    if (items.length === page.pageSize) break
  }
  return { items, ...(after === undefined ? {} : { next: after }) }
}
