import { printable, UNPRINTABLE, UsageError } from '../terminal.ts'
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
export async function formatRows(rows: readonly unknown[], format: OutputFormat, { columns, table }: TableDrawing): Promise<string> {
  switch (format.kind) {
    case 'json':
      return formatJson(rows, 2)
    case 'yaml':
      return await formatDocuments(rows)
    case 'value':
      return rows.map((row) => `${valueLine(row, format.fields)}\n`).join('')
    case 'table':
      return rows.length === 0 ? '' : table(rows, columns)
  }
}

/** Shows one result: YAML by default, as gcloud's `describe`. */
export async function formatOne(tree: unknown, format: OutputFormat): Promise<string> {
  switch (format.kind) {
    case 'json':
      return formatJson(tree, 2)
    case 'value':
      return `${valueLine(tree, format.fields)}\n`
    case 'yaml':
    case 'table':
      return await formatDocuments([tree])
  }
}

/** Fields that somebody asked for and nothing has: a typing error, or a member that is nowhere set. None where nothing is shown. */
export function findAbsentFields(rows: readonly unknown[], format: OutputFormat): readonly string[] {
  if (format.kind !== 'value' || rows.length === 0) return []
  return format.fields.filter((field) => rows.every((row) => project(row, field).length === 0))
}

function valueLine(row: unknown, fields: readonly string[]): string {
  return printable(fields.map((field) => cellOf(project(row, field))).join('\t'))
}

/** JSON with a line feed at its end. Control characters that JSON lets through stand in it as escapes, so it means the same. */
export function formatJson(tree: unknown, indent: number): string {
  return `${JSON.stringify(tree, null, indent).replace(UNPRINTABLE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)}\n`
}

/** The library is loaded only when it is needed: most commands show a table, and it takes longer to load than they take to run. */
async function formatDocuments(trees: readonly unknown[]): Promise<string> {
  const { formatYaml } = await import('@countersign/api/file/yaml.ts')
  return printable(trees.map((tree) => (trees.length > 1 ? `---\n${formatYaml(tree)}` : formatYaml(tree))).join(''))
}
