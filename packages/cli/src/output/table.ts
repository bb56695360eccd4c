import Table from 'cli-table3'
import { printable } from '../terminal.ts'
import { cellOf, project } from './projection.ts'

/** A column of a box table: its heading, and the field or function that fills it. */
export interface Column {
  readonly heading: string
  readonly value: string | ((row: unknown) => string)
}

/** Draws rows in a box, as the original's tool does: headings centred, cells left. No colour codes. */
export function formatBox(rows: readonly unknown[], columns: readonly Column[]): string {
  const table = new Table({
    style: { head: [], border: [] },
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  })
  table.push(columns.map((column) => ({ content: column.heading, hAlign: 'center' })))
  for (const row of rows) table.push(columns.map((column) => cell(row, column)))
  return `${ruleUnderHead(table.toString())}\n`
}

/** Writes rows in plain columns, two spaces apart. */
export function formatColumns(rows: readonly unknown[], columns: readonly Column[]): string {
  const lines = [columns.map(({ heading }) => heading), ...rows.map((row) => columns.map((column) => cell(row, column)))]
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => line[index]?.length ?? 0)))
  return lines
    .map(
      (line) =>
        `${line
          .map((text, index) => text.padEnd(widths[index] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}

function cell(row: unknown, column: Column): string {
  const text = typeof column.value === 'string' ? cellOf(project(row, column.value)) : column.value(row)
  return printable(text).replaceAll('\n', ' ')
}

/** cli-table3 rules either every row or none: the one line under the headings is put back from the top border. */
function ruleUnderHead(text: string): string {
  const lines = text.split('\n')
  const top = lines[0] ?? ''
  const rule = top.replace('┌', '├').replaceAll('┬', '┼').replace('┐', '┤')
  return [top, lines[1], rule, ...lines.slice(2)].join('\n')
}
