import { parseErrorAnswer } from '@countersign/api/rest/status-table.ts'
import { parseWarnings, WARNINGS_HEADER } from '@countersign/api/rest/warnings.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { HttpAnswer, HttpRequest, HttpSend } from '@countersign/adapters/http-send.ts'
import { unreachable } from '@countersign/adapters/unreachable.ts'

/** A JSON object as the API sends it. Who sent it may be hostile: read with `textIn`, show through `printable`. */
export type Tree = Readonly<Record<string, unknown>>

/** Query parameters; undefined ones are left out. */
export type Query = Readonly<Record<string, string | number | undefined>>

/** What a call carries. */
export interface CallOptions {
  readonly query?: Query
  readonly body?: unknown
  /** Warnings of the server that the command tells better itself, word for word: not told again. */
  readonly toldWarnings?: readonly string[]
}

/**
 * The server's REST API as plain JSON: what the hand tool shows is what came over the wire, and no message has to be
 * loaded first. `path` comes from `pathOf`.
 */
export interface Api {
  call(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, options?: CallOptions): Promise<Tree>
  /** Every page of a list, one after the other, at most `limit` items. */
  list(path: string, member: string, options?: { readonly query?: Query; readonly limit?: number }): Promise<readonly Tree[]>
}

/** Where the server is, and how the caller is known there. */
export interface Server {
  readonly url: string
  readonly token: string
  /** PEM of the server's authority; absent: the system's. */
  readonly ca?: string
}

const PAGE_SIZE = 100
/** An endless chain of pages ends here. */
const MAX_PAGES = 100_000

/** Makes the client of one server. `warn` gets what the server wants people to know beside an answer. */
export function makeApi(send: HttpSend, server: Server, warn: (text: string) => void): Api {
  // A change reads before it writes, and both answers may warn of the same.
  const told = new Set<string>()
  const call: Api['call'] = async (method, path, options = {}) => {
    const { query = {}, body, toldWarnings = [] } = options
    const answer = await reach(send, {
      method,
      url: `${server.url}${path}${formatQuery(query)}`,
      headers: {
        authorization: `Bearer ${server.token}`,
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: new TextEncoder().encode(JSON.stringify(body)) }),
      ...(server.ca === undefined ? {} : { ca: server.ca }),
    })
    for (const warning of parseWarnings(answer.headers[WARNINGS_HEADER])) {
      if (!told.has(warning) && !toldWarnings.some((text) => text.startsWith(warning))) warn(warning)
      told.add(warning)
    }
    const tree = readTree(answer.body)
    if (answer.status === 404 && !isTree(tree?.['error'])) throw notAnApi(server)
    if (answer.status >= 400) throw parseErrorAnswer(answer.status, tree)
    if (tree === undefined) throw notAnApi(server)
    return tree
  }
  return { call, list: (path, member, options = {}) => listAll(call, path, member, options) }
}

async function reach(send: HttpSend, request: HttpRequest): Promise<HttpAnswer> {
  try {
    return await send(request)
  } catch (error) {
    throw unreachable(new URL(request.url).origin, error, ADVICE)
  }
}

const ADVICE = {
  REFUSED: 'start a server with: countersign serve, or name another one with --server or COUNTERSIGN_SERVER',
  UNTRUSTED: 'name the authority with --ca-file',
}

/** Whatever stands there knows none of the API's paths, as the webhook's door does not: nobody said no, so it is no NOT_FOUND. */
function notAnApi({ url }: Server): StatusError {
  const message = `${url} is not the API of a Countersign server: name its address, not the webhook’s, with --server or COUNTERSIGN_SERVER`
  return new StatusError('UNKNOWN', message)
}

/** A path of the API: each part is one segment, escaped, unless it is a resource name, whose slashes stay. */
export function pathOf(version: '/v1' | '/countersign/v1', name: string, suffix = ''): string {
  return `${version}/${name.split('/').map(encodeURIComponent).join('/')}${suffix}`
}

/** A member that is a text; empty where it is absent or something else. */
export function textIn(tree: unknown, ...path: readonly string[]): string {
  const value = path.reduce<unknown>((inner, step) => (isTree(inner) && Object.hasOwn(inner, step) ? inner[step] : undefined), tree)
  return typeof value === 'string' ? value : ''
}

/** A member that is a list of objects; empty where it is absent or something else. */
export function treesIn(tree: unknown, ...path: readonly string[]): readonly Tree[] {
  const value = path.reduce<unknown>((inner, step) => (isTree(inner) && Object.hasOwn(inner, step) ? inner[step] : undefined), tree)
  return Array.isArray(value) ? value.filter(isTree) : []
}

/** Narrows to a JSON object. */
export function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

async function listAll(
  call: Api['call'],
  path: string,
  member: string,
  { query = {}, limit = Number.POSITIVE_INFINITY }: { readonly query?: Query; readonly limit?: number },
): Promise<readonly Tree[]> {
  const items: Tree[] = []
  let pageToken: string | undefined
  for (let page = 0; page < MAX_PAGES && items.length < limit; page++) {
    const pageSize = Math.min(PAGE_SIZE, limit - items.length)
    const answer = await call('GET', path, { query: { ...query, pageSize, pageToken } })
    items.push(...treesIn(answer, member))
    pageToken = textIn(answer, 'nextPageToken')
    if (pageToken === '') break
  }
  return items.slice(0, limit)
}

function formatQuery(query: Query): string {
  const pairs = Object.entries(query).flatMap(([name, value]) => (value === undefined || value === '' ? [] : [[name, String(value)]]))
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs)}`
}

function readTree(body: Uint8Array): Tree | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body))
    return isTree(value) ? value : undefined
  } catch {
    return undefined
  }
}
