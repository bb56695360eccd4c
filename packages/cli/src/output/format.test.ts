import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsageError } from '../terminal.ts'
import { formatOne, formatRows, parseOutputFormat } from './format.ts'
import { formatBox, formatColumns } from './table.ts'

const ROWS = [
  { name: 'projects/p/attestors/a', image: { digest: 'sha256:1' }, keys: [{ id: 'k1' }, { id: 'k2' }], count: 2 },
  { name: 'b\x1b[0m', image: {}, keys: [] },
]
const COLUMNS = [
  { heading: 'NAME', value: 'name' },
  { heading: 'KEYS', value: 'keys[].id' },
]
const BOX = { columns: COLUMNS, table: formatBox }

test('value(FIELD) and get(FIELD) print fields, lists and nothing for what is absent', async () => {
  assert.equal(await formatRows(ROWS, parseOutputFormat('value(name)'), BOX), 'projects/p/attestors/a\nb\\x1b[0m\n')
  assert.equal(await formatRows(ROWS, parseOutputFormat('get(image.digest)'), BOX), 'sha256:1\n\n')
  assert.equal(await formatRows(ROWS, parseOutputFormat('value(count, keys[].id)'), BOX), '2\tk1;k2\n\t\n')
})

test('json and yaml show everything; YAML is one document a row', async () => {
  assert.deepEqual(JSON.parse(await formatRows(ROWS, { kind: 'json' }, BOX)), ROWS)
  assert.equal(await formatRows([{ b: 1, a: 'no' }, { c: 2 }], { kind: 'yaml' }, BOX), "---\na: 'no'\nb: 1\n---\nc: 2\n")
  assert.equal(await formatOne({ b: 1, a: [1] }, { kind: 'table' }), 'a:\n- 1\nb: 1\n')
})

test('a box has its headings centred and shows control characters', async () => {
  assert.equal(
    await formatRows(ROWS, { kind: 'table' }, BOX),
    [
      '┌────────────────────────┬───────┐',
      '│          NAME          │ KEYS  │',
      '├────────────────────────┼───────┤',
      '│ projects/p/attestors/a │ k1;k2 │',
      '│ b\\x1b[0m               │       │',
      '└────────────────────────┴───────┘',
      '',
    ].join('\n'),
  )
})

test('plain columns are two spaces apart', async () => {
  assert.equal(formatColumns([{ name: 'a', keys: [] }], COLUMNS), 'NAME  KEYS\na\n')
})

for (const wrong of ['xml', 'value', 'value()', 'value(a', 'value($x)']) {
  test(`parseOutputFormat() refuses ${wrong}`, () => assert.throws(() => parseOutputFormat(wrong), UsageError))
}
