import { Agent as PlainAgent, type ClientRequest, type IncomingMessage, request as requestPlain } from 'node:http'
import { Agent as SecureAgent, request as requestSecure } from 'node:https'
import { pipeline, Readable } from 'node:stream'
import { getCACertificates } from 'node:tls'
import type { Fetch, FetchInit } from './fetch.ts'

/** What `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` (either case) say; nothing else of it is looked at. */
export type ProxyEnvironment = Readonly<Record<string, string | undefined>>

const IDLE_SOCKETS = 8

/**
 * Makes a `fetch` that goes through the proxies of an environment, and trusts the authority that a call names beside the system's own; the built-in one
 * does neither. One exchange a call: redirects are the caller's to judge.
 */
export function makeFetch(env: ProxyEnvironment): Fetch {
  const options = { keepAlive: true, maxFreeSockets: IDLE_SOCKETS, proxyEnv: env as NodeJS.ProcessEnv }
  const plain = new PlainAgent(options)
  const secure = new Map<string | undefined, SecureAgent>()
  const secureWith = (ca: string | undefined): SecureAgent => {
    const found = secure.get(ca) ?? new SecureAgent({ ...options, ...(ca === undefined ? {} : { ca: [...getCACertificates('default'), ca] }) })
    secure.set(ca, found)
    return found
  }
  return (url, init) => (url.protocol === 'https:' ? exchange(url, init, secureWith(init.ca)) : exchange(url, init, plain))
}

function exchange(url: URL, { method = 'GET', headers, body, signal }: FetchInit, agent: PlainAgent): Promise<Response> {
  const request = url.protocol === 'https:' ? requestSecure : requestPlain
  return new Promise((resolve, reject) => {
    const sent: ClientRequest = request(url, { method, headers, signal, agent }, (message) => resolve(toResponse(message)))
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
