import type { DescMessage, DescMethodUnary, JsonValue, MessageInitShape, MessageShape } from '@bufbuild/protobuf'
import { create, fromJson } from '@bufbuild/protobuf'
import { quote } from '@countersign/core/quote.ts'
import { StatusError } from '@countersign/core/status.ts'
import { parseErrorAnswer } from '../rest/status-table.ts'
import { parseWarnings, WARNINGS_HEADER } from '../rest/warnings.ts'
import type { HttpCall } from './http-request.ts'
import { formatHttpCall } from './http-request.ts'

/** As much of `fetch` as the client uses: a browser's, or one that trusts a private authority. */
export type Fetch = (
  url: string,
  init: {
    readonly method: string
    readonly headers: Record<string, string>
    readonly body?: string
    readonly redirect: 'error'
    readonly signal?: AbortSignal
  },
) => Promise<{ readonly status: number; readonly headers: { get(name: string): string | null }; text(): Promise<string> }>

export interface ClientOptions {
  /** `https://host:port`, of the API. */
  readonly server: string
  /** What goes behind `Bearer `; absent: none is sent. */
  readonly token?: string
  readonly fetch: Fetch
  /** Takes what a server says beside an answer. */
  readonly onWarning?: (warning: string) => void
}

/** How one call is made. */
export interface CallOptions {
  readonly signal?: AbortSignal
}

/** A client of any of our services. */
export interface Client {
  /**
   * Calls a unary method over REST: `client.call(Projects.method.getProject, { name })`. Throws StatusError: what the server said, or
   * UNAVAILABLE where none answered.
   */
  call<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    options?: CallOptions,
  ): Promise<MessageShape<O>>
}

/** Makes a client. Throws INVALID_ARGUMENT where `server` is no http or https address. */
export function createClient(options: ClientOptions): Client {
  const base = parseServer(options.server)
  return {
    async call(method, request, { signal } = {}) {
      const call = formatHttpCall(method, create(method.input, request))
      const { status, headers, text } = await send(options, base, { call, signal })
      if (status < 200 || status > 299) throw parseErrorAnswer(status, parseJson(text))
      for (const warning of parseWarnings(headers.get(WARNINGS_HEADER))) options.onWarning?.(warning)
      return readAnswer(method.output, text, base)
    },
  }
}

function parseServer(server: string): string {
  const url = URL.parse(server)
  const isHttp = url?.protocol === 'http:' || url?.protocol === 'https:'
  if (url === null || !isHttp || url.username !== '' || url.search !== '' || url.hash !== '') {
    throw new StatusError('INVALID_ARGUMENT', `Cannot use server ${quote(server)}: expected an address such as https://countersign.example:8080`)
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`
}

interface Answer {
  readonly status: number
  readonly headers: { get(name: string): string | null }
  readonly text: string
}

async function send(
  { fetch, token }: ClientOptions,
  base: string,
  { call, signal }: { readonly call: HttpCall; readonly signal: AbortSignal | undefined },
): Promise<Answer> {
  const headers = {
    accept: 'application/json',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
  }
  try {
    const response = await fetch(`${base}${call.target}`, {
      method: call.httpMethod,
      headers,
      // A redirect could carry the token to somebody else.
      redirect: 'error',
      ...(call.body === undefined ? {} : { body: call.body }),
      ...(signal === undefined ? {} : { signal }),
    })
    return { status: response.status, headers: response.headers, text: await response.text() }
  } catch (error) {
    throw new StatusError('UNAVAILABLE', `Cannot reach the server at ${base}: ${reasonOf(error)}`, { cause: error })
  }
}

/** `fetch` says only "fetch failed"; what happened is in its cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  if (!(cause instanceof Error)) return 'no connection'
  return cause.message !== '' ? cause.message : 'code' in cause ? String(cause.code) : cause.name
}

function readAnswer<O extends DescMessage>(output: O, text: string, base: string): MessageShape<O> {
  const tree = parseJson(text)
  const unreadable = (cause?: unknown): StatusError =>
    new StatusError('INTERNAL', `Cannot read the answer of ${base}: expected the JSON of ${output.typeName}, is this a Countersign server?`, {
      cause,
    })
  if (tree === undefined) throw unreadable()
  try {
    // A newer server may say more than this client knows.
    return fromJson(output, tree, { ignoreUnknownFields: true })
  } catch (error) {
    throw unreadable(error)
  }
}

function parseJson(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue
  } catch {
    return undefined
  }
}
