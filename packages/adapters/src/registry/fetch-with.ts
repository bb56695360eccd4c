import { Agent as PlainAgent, type ClientRequest, type IncomingMessage, request as requestPlain } from 'node:http'
import { Agent as SecureAgent, request as requestSecure } from 'node:https'
import type { LookupFunction } from 'node:net'
import { pipeline, Readable } from 'node:stream'
import { getCACertificates } from 'node:tls'
import type { Fetch, FetchInit } from './fetch.ts'

/** What `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` (either case) say; nothing else of it is looked at. */
export type ProxyEnvironment = Readonly<Record<string, string | undefined>>

const IDLE_SOCKETS = 8

/** Judges where a URL leads, and gives the look-up that a connection there must use: no proxy then, which would look up again (`dialer/guard`). */
export type Judge = (url: URL) => Promise<LookupFunction | undefined>

/**
 * Makes a `fetch` that goes through the proxies of an environment, and trusts the authority that a call names beside the system's own; the built-in one
 * does neither. One exchange a call: redirects are the caller's to judge. Where input chooses the addresses, `judge` is asked about each.
 */
export function makeFetch(env: ProxyEnvironment, judge: Judge = async () => undefined): Fetch {
  const agentFor = makeAgents({ proxyEnv: env as NodeJS.ProcessEnv })
  const directAgentFor = makeAgents({})
  return async (url, init) => {
    const lookup = await judge(url)
    return await exchange(url, init, lookup === undefined ? { agent: agentFor(url, init.ca) } : { agent: directAgentFor(url, init.ca), lookup })
  }
}

interface Way {
  readonly agent: PlainAgent
  readonly lookup?: LookupFunction
}

function makeAgents(more: { readonly proxyEnv?: NodeJS.ProcessEnv }): (url: URL, ca: string | undefined) => PlainAgent {
  const options = { keepAlive: true, maxFreeSockets: IDLE_SOCKETS, ...more }
  const plain = new PlainAgent(options)
  const secure = new Map<string | undefined, SecureAgent>()
  return (url, ca) => {
    if (url.protocol !== 'https:') return plain
    const found = secure.get(ca) ?? new SecureAgent({ ...options, ...(ca === undefined ? {} : { ca: [...getCACertificates('default'), ca] }) })
    secure.set(ca, found)
    return found
  }
}

function exchange(url: URL, { method = 'GET', headers, body, signal }: FetchInit, way: Way): Promise<Response> {
  const request = url.protocol === 'https:' ? requestSecure : requestPlain
  return new Promise((resolve, reject) => {
    const sent: ClientRequest = request(url, { method, headers, signal, ...way }, (message) => resolve(toResponse(message)))
    sent.on('error', reject)
    if (body instanceof Blob) sendBlob(body, sent)
    else sent.end(body)
  })
}

function sendBlob(blob: Blob, sent: ClientRequest): void {
  sent.setHeader('content-length', blob.size)
  // A failure of either is told by the request's own error.
  pipeline(blob.stream(), sent, () => {})
}

function toResponse(message: IncomingMessage): Response {
  const { statusCode = 502 } = message
  // What `Response` does not take is no answer of HTTP/1.1 to a request of ours.
  const status = statusCode >= 200 && statusCode <= 599 ? statusCode : 502
  const headers = Object.entries(message.headersDistinct).flatMap(([name, values]) => (values ?? []).map((value): [string, string] => [name, value]))
  const hasBody = ![204, 205, 304].includes(status)
  if (!hasBody) message.resume()
  return new Response(hasBody ? (Readable.toWeb(message) as ReadableStream<Uint8Array>) : null, { status, headers })
}
