import { formatYaml } from '@countersign/api/file/yaml.ts'
import { UsageError, printable } from '../terminal.ts'
import { cellOf, project } from './projection.ts'
import type { Column } from './table.ts'

/** How a result is shown. `value(F,G)` and gcloud's older `get(F)` print the fields, tab-separated, a line a row. */
export type OutputFormat =
  | { readonly kind: 'table' }
  | { readonly kind: 'json' }
  | { readonly kind: 'yaml' }
  | { readonly kind: 'value'; readonly fields: readonly string[] }

/** Reads `-o` or `--format`. */
export function parseOutputFormat(text: string): OutputFormat {
  if (text === 'table' || text === 'json' || text === 'yaml') return { kind: text }
  const match = /^(?:value|get|csv)(?:\[[^\]]*\])?\(([A-Za-z0-9_.[\], ]{1,500})\)$/.exec(text)
  if (match?.[1] === undefined) throw new UsageError(`Output format "${text}" is not known: expected table, json, yaml or value(FIELD)`)
  return { kind: 'value', fields: match[1].split(',').map((field) => field.trim()) }
}

/** What a table shows, and how it is drawn. */
export interface TableDrawing {
  readonly columns: readonly Column[]
  readonly table: (rows: readonly unknown[], columns: readonly Column[]) => string
}

/** Shows a list of rows. Its YAML is one document a row, as gcloud's. An empty table is nothing. */
export function formatRows(rows: readonly unknown[], format: OutputFormat, { columns, table }: TableDrawing): string {
  switch (format.kind) {
    case 'json':
      return `${JSON.stringify(rows, null, 2)}\n`
    case 'yaml':
      return rows.map((row) => (rows.length > 1 ? `---\n${formatYaml(row)}` : formatYaml(row))).join('')
    case 'value':
      return rows.map((row) => `${valueLine(row, format.fields)}\n`).join('')
    case 'table':
      return rows.length === 0 ? '' : table(rows, columns)
  }
}

/** Shows one result: YAML by default, as gcloud's `describe`. */
export function formatOne(tree: unknown, format: OutputFormat): string {
  switch (format.kind) {
    case 'json':
      return `${JSON.stringify(tree, null, 2)}\n`
    case 'value':
      return `${valueLine(tree, format.fields)}\n`
    case 'yaml':
    case 'table':
      return formatYaml(tree)
  }
}

function valueLine(row: unknown, fields: readonly string[]): string {
  return printable(fields.map((field) => cellOf(project(row, field))).join('\t'))
}
