import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { numberKey, pageOf } from '../testing/memory-page.ts'
import { listMatching } from './matching.ts'
import type { Page, PageRequest } from './page.ts'

test('pages of a filtered list, put together, are the filtered list: nothing twice, nothing lost', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 60 }), fc.integer({ min: 1, max: 7 }), async (wanted, pageSize) => {
      const rows = wanted.map((isWanted, index) => ({ isWanted, index }))
      const list = async (part: PageRequest) => pageOf(rows, (row) => numberKey(row.index), part)
      const found: number[] = []
      let page: PageRequest | undefined = { pageSize }
      while (page !== undefined) {
        const { items, next }: Page<number> = await listMatching(page, {
          list,
          lengthOf: () => 1,
          select: (row) => (row.isWanted ? row.index : undefined),
        })
        assert.ok(items.length <= pageSize)
        found.push(...items)
        page = next === undefined ? undefined : { pageSize, after: next }
      }
      assert.deepEqual(
        found,
        rows.filter((row) => row.isWanted).map((row) => row.index),
      )
    }),
  )
})

test('a filter that fits nothing reads a bounded number of rows and then says where to go on', async () => {
  let read = 0
  const list = async ({ pageSize, after = '0' }: PageRequest): Promise<Page<number>> => {
    read += pageSize
    return { items: Array<number>(pageSize).fill(0), next: String(Number(after) + pageSize) }
  }
  const { items, next } = await listMatching({ pageSize: 1000 }, { list, lengthOf: () => 1, select: () => undefined })
  assert.deepEqual([items, next, read], [[], '5000', 5000])
})

test('rows that are long together make a shorter page, which says where to go on', async () => {
  const list = async ({ pageSize, after = '0' }: PageRequest): Promise<Page<number>> => {
    const first = Number(after)
    return { items: Array.from({ length: pageSize }, (_, index) => first + index), next: String(first + pageSize) }
  }
  const { items, next } = await listMatching({ pageSize: 1000 }, { list, lengthOf: () => 1_000_000, select: (row) => row })
  assert.deepEqual([items.length, items.at(-1), next], [20, 19, '20'])
})
