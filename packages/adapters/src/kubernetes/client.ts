import { isJsonObject, type JsonObject } from '@countersign/core/json-object.ts'
import { StatusError, type StatusCode } from '@countersign/core/status.ts'
import type { KubernetesConnection } from './connection.ts'
import type { HttpAnswer, HttpRequest, HttpSend } from '../http-send.ts'
import { unreachable } from '../unreachable.ts'

/**
 * The few calls that we make of an API server, by path: @kubernetes/client-node would bring 68 packages for them
 * (dependencies.md §6). Every call but `find` throws a StatusError with the API server's own message.
 */
export interface KubernetesClient {
  get(path: string): Promise<KubernetesAnswer>
  /** Undefined where there is no such object, or no such kind. */
  find(path: string): Promise<JsonObject | undefined>
  /** Every item of a list, page by page; at most `limit`. */
  list(path: string, limit: number): Promise<readonly JsonObject[]>
  /** Throws ALREADY_EXISTS where it is there. */
  create(path: string, object: JsonObject): Promise<JsonObject>
  /** Throws ABORTED where somebody else has changed it since `metadata.resourceVersion`. */
  replace(path: string, object: JsonObject): Promise<JsonObject>
  /** A list of JSON patch operations. */
  patch(path: string, operations: readonly JsonObject[]): Promise<JsonObject>
  /** False where there is nothing to delete. */
  remove(path: string): Promise<boolean>
}

/** An object, and the API server's clock when it answered, in milliseconds; undefined where it shows none. */
export interface KubernetesAnswer {
  readonly object: JsonObject
  readonly servedAt?: number
}

const PAGE = 500

/** Makes the client of one API server. */
export function makeKubernetesClient(connection: KubernetesConnection, send: HttpSend): KubernetesClient {
  const call: Call = (method, path, options) => sendOne(connection, send, { method, path, ...options })
  const find = (path: string) => orUndefined(call('GET', path).then(({ object }) => object))
  return {
    get: (path) => call('GET', path),
    find,
    list: (path, limit) => listAll(call, path, limit),
    create: async (path, object) => (await call('POST', path, { body: object })).object,
    replace: async (path, object) => (await call('PUT', path, { body: object })).object,
    patch: async (path, operations) => (await call('PATCH', path, { body: operations, type: 'application/json-patch+json' })).object,
    remove: async (path) => (await orUndefined(call('DELETE', path))) !== undefined,
  }
}

interface Sending {
  readonly body?: unknown
  readonly type?: string
}
type Call = (method: string, path: string, sending?: Sending) => Promise<KubernetesAnswer>

async function sendOne(
  connection: KubernetesConnection,
  send: HttpSend,
  { method, path, body, type = 'application/json' }: Sending & { readonly method: string; readonly path: string },
): Promise<KubernetesAnswer> {
  const { token, ...certificate } = await connection.credentials()
  const answer = await reach(connection, send, {
    method,
    url: `${connection.server}${path}`,
    headers: {
      accept: 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': type }),
    },
    ...(body === undefined ? {} : { body: new TextEncoder().encode(JSON.stringify(body)) }),
    ...(connection.ca === undefined ? {} : { ca: connection.ca }),
    ...certificate,
  })
  const object = readObject(answer.body)
  if (answer.status >= 300) throw failure(answer.status, object, `${method} ${path}`)
  const servedAt = Date.parse(answer.headers['date'] ?? '')
  return { object, ...(Number.isNaN(servedAt) ? {} : { servedAt }) }
}

async function reach({ server }: KubernetesConnection, send: HttpSend, request: HttpRequest): Promise<HttpAnswer> {
  try {
    return await send(request)
  } catch (error) {
    throw unreachable(`the Kubernetes API server ${server}`, error)
  }
}

async function listAll(call: Call, path: string, limit: number): Promise<readonly JsonObject[]> {
  const items: JsonObject[] = []
  let next = ''
  do {
    const query = new URLSearchParams({ limit: String(PAGE), ...(next === '' ? {} : { continue: next }) })
    const { object } = await call('GET', `${path}${path.includes('?') ? '&' : '?'}${query}`)
    if (Array.isArray(object['items'])) items.push(...object['items'].filter(isJsonObject))
    const metadata = object['metadata']
    next = isJsonObject(metadata) && typeof metadata['continue'] === 'string' ? metadata['continue'] : ''
  } while (next !== '' && items.length < limit)
  return items.slice(0, limit)
}

async function orUndefined<T>(calling: Promise<T>): Promise<T | undefined> {
  try {
    return await calling
  } catch (error) {
    if (error instanceof StatusError && error.code === 'NOT_FOUND') return undefined
    throw error
  }
}

const CODES: Readonly<Record<number, StatusCode>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  422: 'INVALID_ARGUMENT',
  429: 'UNAVAILABLE',
  503: 'UNAVAILABLE',
  504: 'UNAVAILABLE',
}

function failure(status: number, object: JsonObject, what: string): StatusError {
  const message = typeof object['message'] === 'string' ? object['message'] : `status ${status}`
  const code = status === 409 ? (object['reason'] === 'AlreadyExists' ? 'ALREADY_EXISTS' : 'ABORTED') : CODES[status]
  return new StatusError(code ?? 'UNKNOWN', `The API server refused ${what}: ${message}`)
}

function readObject(body: Uint8Array): JsonObject {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body))
    return isJsonObject(value) ? value : {}
  } catch {
    return {}
  }
}
