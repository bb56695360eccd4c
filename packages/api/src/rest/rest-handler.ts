import type { DescMethod, Message } from '@bufbuild/protobuf'
import { toJson } from '@bufbuild/protobuf'
import { StatusError } from '@countersign/core/status.ts'
import type { AnswerForm } from './query.ts'
import { readAnswerForm } from './query.ts'
import { readRequest } from './request-message.ts'
import type { RouteMatch, Router } from './router.ts'
import { compileRoutes } from './router.ts'
import type { ServedService } from './service-implementation.ts'
import { formatStatus, statusOf } from './status-table.ts'

/** What a request may have at most, as Google's front end: 10 MiB. */
const MAX_BODY_BYTES = 10 * 1024 * 1024

/** An HTTP request, read whole. */
export interface RestRequest {
  readonly method: string
  /** Path and query, as on the wire: `/v1/projects/p/notes?pageSize=5`. */
  readonly url: string
  readonly body: Uint8Array
}

export interface RestResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  /** What went wrong inside, for the log; never part of the body. */
  readonly error?: StatusError
}

export interface RestHandler<C> {
  readonly router: Router
  /** The RPC that a request is for; undefined where there is none or the path is malformed. For the log and for deadlines. */
  findMethod(request: Pick<RestRequest, 'method' | 'url'>): DescMethod | undefined
  /** Answers a request. Never throws: every error becomes Google's error body. */
  handle(request: RestRequest, context: C): Promise<RestResponse>
}

/**
 * Serves services over REST as their google.api.http annotations say. Knows no socket: a request is a value, so is the answer.
 * Unknown paths are NOT_FOUND; a known path with another HTTP method is UNIMPLEMENTED with `Allow`, as the reference server answers
 * (kritis-and-grafeas.md §4.6).
 */
export function makeRestHandler<C>(services: readonly ServedService<C>[]): RestHandler<C> {
  const router = compileRoutes(services.map(({ service }) => service))
  const byName = new Map(services.map((served) => [served.service.typeName, served]))
  return {
    router,
    findMethod: ({ method, url }) => findMethod(router, method, splitUrl(url).path),
    handle: (request, context) => handle(router, byName, request, context),
  }
}

function findMethod(router: Router, httpMethod: string, path: string): DescMethod | undefined {
  try {
    const found = router.match(httpMethod, path)
    return found.found ? found.route.method : undefined
  } catch {
    return undefined
  }
}

async function handle<C>(router: Router, services: ReadonlyMap<string, ServedService<C>>, request: RestRequest, context: C): Promise<RestResponse> {
  const { path, query } = splitUrl(request.url)
  const form = readAnswerForm(query)
  try {
    const found = router.match(request.method, path)
    if (!found.found) return unmatched(found, request.method, path)
    const { route, pathParams } = found
    if (request.body.length > MAX_BODY_BYTES) throw tooLarge(request.body.length)
    const message = readRequest({ route, pathParams, query, body: request.body })
    const served = services.get(route.method.parent.typeName)
    if (served === undefined) throw new Error(`${route.method.parent.typeName} is not served`)
    return okResponse(route.method, await served.call(route.method, message, context), form)
  } catch (error) {
    return errorResponse(statusOf(error))
  }
}

/** Formats an error as the answer to a request: for doors that refuse before a method is reached. */
export function errorResponse(error: StatusError): RestResponse {
  const { httpStatus, body } = formatStatus(error)
  return { ...jsonResponse(httpStatus, `${JSON.stringify(body, null, 2)}\n`), error }
}

function okResponse(method: DescMethod, message: Message, { enumsAsNumbers, indented }: AnswerForm): RestResponse {
  const tree = toJson(method.output, message, { enumAsInteger: enumsAsNumbers })
  return jsonResponse(200, `${JSON.stringify(tree, null, indented ? 2 : 0)}\n`)
}

function jsonResponse(status: number, text: string): RestResponse {
  const headers = {
    'content-type': 'application/json; charset=UTF-8',
    'cache-control': 'private',
    vary: 'Origin, X-Origin, Referer',
    'x-content-type-options': 'nosniff',
  }
  return { status, headers, body: new TextEncoder().encode(text) }
}

function unmatched({ allowed }: RouteMatch & { readonly found: false }, httpMethod: string, path: string): RestResponse {
  const asked = JSON.stringify(`${httpMethod} ${path}`.slice(0, 300))
  if (allowed.length === 0) return errorResponse(new StatusError('NOT_FOUND', `Method not found: ${asked} is no path of this API`))
  const response = errorResponse(new StatusError('UNIMPLEMENTED', `Method not found: ${asked}, expected ${allowed.join(' or ')} for this path`))
  return { ...response, headers: { ...response.headers, allow: allowed.join(', ') } }
}

function tooLarge(length: number): StatusError {
  return new StatusError('INVALID_ARGUMENT', `Request payload size exceeds the limit: ${length} bytes, expected at most ${MAX_BODY_BYTES}`)
}

function splitUrl(url: string): { path: string; query: URLSearchParams } {
  const end = url.includes('#') ? url.indexOf('#') : url.length
  const mark = url.indexOf('?')
  const pathEnd = mark < 0 || mark > end ? end : mark
  return { path: url.slice(0, pathEnd), query: new URLSearchParams(url.slice(pathEnd + 1, end)) }
}
