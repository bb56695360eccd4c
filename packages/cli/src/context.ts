import { parseProjectId } from '@countersign/core/name/resource-name.ts'
import { type Api, makeApi, textIn } from './connection/api.ts'
import { findServer } from './connection/server.ts'
import { suggestProjects } from './connection/suggest-project.ts'
import { findAbsentFields, formatOne, formatRows, type OutputFormat, parseOutputFormat, type TableDrawing } from './output/format.ts'
import { type Column, formatBox, formatColumns } from './output/table.ts'
import { type Terminal, UsageError } from './terminal.ts'

/** What every verb works with: the server, the project and the way results are shown, from options and environment. */
export interface Context {
  readonly terminal: Terminal
  /** Makes the client at the first call, so that offline commands need no server and no token. */
  api(): Promise<Api>
  /** The project's id. UsageError where none was named. */
  project(): string
  findProject(): string | undefined
  /** How results are shown: as asked, else as the command does by itself. */
  format(byDefault: 'table' | 'yaml' | 'json'): OutputFormat
  /** Whether somebody chose a format. */
  readonly hasFormat: boolean
  /** The format that somebody chose, as they wrote it. */
  readonly askedFormat?: string
  /** Whether somebody chose a server. */
  readonly hasServer: boolean
  /** Shows a list: a box by default. */
  showRows(rows: readonly unknown[], columns: readonly Column[]): Promise<void>
  /** Shows a list in plain columns by default, as the original does for images. */
  showPlainRows(rows: readonly unknown[], columns: readonly Column[]): Promise<void>
  /** Shows a list as YAML documents by default. */
  showDocuments(rows: readonly unknown[]): Promise<void>
  /** Shows one thing: YAML by default. */
  showOne(tree: unknown): Promise<void>
  /** Goes on where the answer is yes, or nobody is there to be asked, or `--quiet` was given. */
  confirm(question: string): Promise<void>
}

/** Makes the context of one command line. */
export function makeContext(terminal: Terminal, globals: Readonly<Record<string, unknown>>): Context {
  const text = (name: string): string | undefined => (typeof globals[name] === 'string' ? globals[name] : undefined)
  const asked = text('format')
  const format: Context['format'] = (byDefault) => (asked === undefined ? { kind: byDefault } : parseOutputFormat(asked))
  const findProject = (): string | undefined => acceptProject(text('project') ?? terminal.env['COUNTERSIGN_PROJECT'])
  const showList = async (rows: readonly unknown[], shape: OutputFormat, drawing: TableDrawing): Promise<void> => {
    if (rows.length === 0 && (shape.kind === 'table' || shape.kind === 'yaml')) terminal.say('Listed 0 items.')
    for (const field of findAbsentFields(rows, shape)) terminal.say(`WARNING: Field "${field}" is in no row: -o json shows all fields`)
    terminal.write(await formatRows(rows, shape, drawing))
  }
  let api: Promise<Api> | undefined
  return {
    terminal,
    format,
    findProject,
    hasFormat: asked !== undefined,
    ...(asked === undefined ? {} : { askedFormat: asked }),
    hasServer: (text('server') ?? terminal.env['COUNTERSIGN_SERVER'] ?? '') !== '',
    api: () =>
      (api ??= connect(terminal, {
        server: text('server'),
        tokenFile: text('tokenFile'),
        caFile: text('caFile'),
      })),
    project: () => findProject() ?? noProject(),
    showRows: (rows, columns) =>
      showList(rows, format('table'), {
        columns,
        table: formatBox,
      }),
    showPlainRows: (rows, columns) =>
      showList(rows, format('table'), {
        columns,
        table: formatColumns,
      }),
    showDocuments: (rows) =>
      showList(rows, format('yaml'), {
        columns: [],
        table: formatBox,
      }),
    showOne: async (tree) => {
      const shape = format('yaml')
      for (const field of findAbsentFields([tree], shape)) terminal.say(`WARNING: There is no field "${field}": -o json shows all fields`)
      terminal.write(await formatOne(tree, shape))
    },
    confirm: async (question) => {
      if (globals['quiet'] === true) return
      const answer = await terminal.ask(`${question} (Y/n)`)
      if (answer !== undefined && /^\s*n/i.test(answer)) throw new UsageError('Aborted: nothing was changed')
    },
  }
}

/** A resource's full name, from a full name or from an id in the project: `projects/P/attestors/A`. */
export function fullName(context: Context, collection: string, text: string): string {
  return /^projects\/[^/]+\/[^/]+\/[^/]+$/.test(text) ? text : `projects/${context.project()}/${collection}/${text}`
}

/** The last part of a resource's name. */
export function shortName(row: unknown): string {
  return textIn(row, 'name').split('/').slice(3).join('/')
}

async function connect(
  terminal: Terminal,
  { server, tokenFile, caFile }: { readonly server: string | undefined; readonly tokenFile: string | undefined; readonly caFile: string | undefined },
): Promise<Api> {
  const options = {
    ...(server === undefined ? {} : { server }),
    ...(tokenFile === undefined ? {} : { tokenFile }),
    ...(caFile === undefined ? {} : { caFile }),
  }
  return suggestProjects(makeApi(terminal.send, await findServer(terminal, options), (warning) => terminal.say(`WARNING: ${warning}`)))
}

function acceptProject(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined
  const parsed = parseProjectId(text.replace(/^projects\//, ''))
  if (parsed.ok) return parsed.value
  throw new UsageError(parsed.issues[0]?.message ?? 'The project id is not valid')
}

function noProject(): never {
  throw new UsageError('No project was named', 'Name it with --project or COUNTERSIGN_PROJECT. The projects of a server: countersign projects list')
}
