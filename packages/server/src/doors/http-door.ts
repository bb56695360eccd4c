import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { errorResponse, type RestHandler, type RestResponse } from '@countersign/api/rest/rest-handler.ts'
import { statusOf } from '@countersign/api/rest/status-table.ts'
import { formatWarnings, WARNINGS_HEADER } from '@countersign/api/rest/warnings.ts'
import type { StatusError } from '@countersign/core/status.ts'
import type { CallContext } from '../api/call-context.ts'
import type { Authenticate } from './authentication.ts'
import type { ChangeStreams, Stream, StreamRequest } from './change-stream.ts'
import { makeBodyReader, type WithBody } from './request-body.ts'
import { formatRootPage, PAGE_HEADERS, PAGE_STYLE, type Welcome } from './root-page.ts'

const HEADERS_TIMEOUT_MS = 10_000
const REQUEST_TIMEOUT_MS = 60_000

export interface HttpDoorOptions {
  readonly rest: RestHandler<CallContext>
  readonly authenticate: Authenticate
  /** What the root page tells; undefined until every door is open. */
  readonly welcome: () => Welcome | undefined
  /** False while starting and draining. */
  readonly isReady: () => boolean
  /** Where a request for server-sent events goes; absent: nobody may follow. */
  readonly streams?: ChangeStreams
  /** Called for every answered API request, errors included. */
  readonly onAnswer: (answer: AnsweredRequest) => void
}

/** What the log says of a request; never its body, query or credentials. */
export interface AnsweredRequest {
  readonly method: string
  /** The full gRPC name, or undefined where the path is no path of the API. */
  readonly rpc: string | undefined
  readonly status: number
  readonly principal: string | undefined
  readonly error: StatusError | undefined
}

/** Makes the HTTP/1.1 side of the API port: REST, health and the root page. It listens to nothing by itself. */
export function makeHttpDoor(options: HttpDoorOptions): Server {
  const limits = {
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: 1000,
    maxHeaderSize: 16 * 1024,
  }
  const withBody = makeBodyReader()
  const server = createServer(limits, (request, response) => {
    answer({ ...options, withBody }, request).then(
      (answered) => send(response, answered, options.isReady()),
      () => response.destroy(),
    )
  })
  return server
}

type Answering = HttpDoorOptions & { readonly withBody: WithBody }
/** An answer that is whole, or one that goes on. */
type Answer = RestResponse & { readonly stream?: Stream }

async function answer(options: Answering, request: IncomingMessage): Promise<Answer> {
  const url = request.url ?? '/'
  const method = request.method ?? 'GET'
  const page = method === 'GET' || method === 'HEAD' ? findPage(url, options) : undefined
  if (page !== undefined) return page
  return answerApi(options, request, { method, url })
}

async function answerApi(
  options: Answering,
  request: IncomingMessage,
  { method, url }: { readonly method: string; readonly url: string },
): Promise<Answer> {
  const warnings: string[] = []
  let principal: string | undefined
  let response: Answer
  try {
    const caller = await options.authenticate(request.headers.authorization)
    principal = caller.principal
    const { streams } = options
    response =
      streams !== undefined && isForEvents(request)
        ? startStream(await streams.open(streamRequestOf(request, url), caller))
        : await options.withBody(request, (body) => options.rest.handle({ method, url, body }, { caller, warnings }))
  } catch (error) {
    response = errorResponse(statusOf(error))
  }
  const rpc = options.rest.findMethod({ method, url })
  options.onAnswer({ method, rpc: rpc && `${rpc.parent.typeName}.${rpc.name}`, status: response.status, principal, error: response.error })
  return { ...response, headers: { ...response.headers, ...challengeFor(response), ...warningHeader(warnings) } }
}

function isForEvents({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && headers.accept === 'text/event-stream'
}

function streamRequestOf({ headers }: IncomingMessage, url: string): StreamRequest {
  const lastEventId = headers['last-event-id']
  return { url, lastEventId: Array.isArray(lastEventId) ? lastEventId[0] : lastEventId, authorization: headers.authorization }
}

function startStream(stream: Stream): Answer {
  const headers = { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }
  return { status: 200, headers, body: new Uint8Array(), stream }
}

function findPage(url: string, options: HttpDoorOptions): RestResponse | undefined {
  switch (url) {
    case '/healthz':
      return text(200, 'ok\n', 'text/plain; charset=utf-8')
    case '/readyz':
      return options.isReady() ? text(200, 'ready\n', 'text/plain; charset=utf-8') : text(503, 'not ready\n', 'text/plain; charset=utf-8')
    case '/page.css':
      return text(200, PAGE_STYLE, 'text/css; charset=utf-8')
    case '/': {
      const welcome = options.welcome()
      return welcome === undefined
        ? text(503, 'Countersign is starting\n', 'text/plain; charset=utf-8')
        : text(200, formatRootPage(welcome), 'text/html; charset=utf-8')
    }
    default:
      return undefined
  }
}

function text(status: number, body: string, type: string): RestResponse {
  return { status, headers: { ...PAGE_HEADERS, 'content-type': type }, body: Buffer.from(body) }
}

function challengeFor({ status }: RestResponse): Readonly<Record<string, string>> {
  return status === 401 ? { 'www-authenticate': 'Bearer realm="countersign"' } : {}
}

function warningHeader(warnings: readonly string[]): Readonly<Record<string, string>> {
  return warnings.length === 0 ? {} : { [WARNINGS_HEADER]: formatWarnings(warnings) }
}

function send(response: ServerResponse, answered: Answer, keepAlive: boolean): void {
  if (response.destroyed) return
  if (answered.stream !== undefined) {
    // Its connection ends with it, so that a server that drains does not wait for it.
    response.writeHead(answered.status, { ...answered.headers, connection: 'close' })
    response.flushHeaders()
    return answered.stream(response)
  }
  const whole = response.req.complete
  const close = keepAlive && whole ? {} : { connection: 'close' }
  response.writeHead(answered.status, { ...answered.headers, ...close, 'content-length': answered.body.length })
  response.end(response.req.method === 'HEAD' ? undefined : answered.body)
  // A request that was refused before it was read whole is not read on.
  if (!whole) response.once('finish', () => response.req.destroy())
}
