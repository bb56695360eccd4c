import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http'
import { unreachable } from './unreachable.ts'

/** One HTTP request, whole. */
export interface HttpRequest {
  readonly method: string
  /** Absolute, `http:` or `https:`. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  /** PEM of the only authorities to trust; absent: the system's. */
  readonly ca?: string
  /** PEM of the certificate that the caller shows, and its key. */
  readonly cert?: string
  readonly key?: string
}

/** What came back; header names in lower case. */
export interface HttpAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: Uint8Array
}

/** Sends a request and reads the answer whole; follows no redirect. Throws UNAVAILABLE where nobody answers. */
export type HttpSend = (request: HttpRequest) => Promise<HttpAnswer>

const TIMEOUT_MS = 60_000
const MAX_ANSWER_BYTES = 64 * 1024 * 1024

/**
 * Sends to a server that a person or a setting named, over `node:http` or `node:https`: unlike `fetch`, they take an authority of one's own, and load at
 * once. Each request has a connection of its own; who keeps connections, streams or follows input's addresses has a client of its own.
 */
export const sendOverHttp: HttpSend = async ({ url: text, method, headers, body, ca, cert, key }) => {
  const url = new URL(text)
  const isTls = url.protocol === 'https:'
  const { request: open } = isTls ? await import('node:https') : await import('node:http')
  const length = body === undefined ? {} : { 'content-length': String(body.length) }
  const trust = { ...(ca === undefined ? {} : { ca }), ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }) }
  const options: RequestOptions = { method, headers: { ...headers, ...length }, ...(isTls ? trust : {}) }
  return await new Promise((resolve, reject) => {
    const fail = (error: Error): void => reject(unreachable(url.origin, error))
    const sent: ClientRequest = open(url, options, (answer) => void readAnswer(answer).then(resolve, fail))
    sent.setTimeout(TIMEOUT_MS, () => sent.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} seconds`)))
    sent.on('error', fail)
    sent.end(body)
  })
}

async function readAnswer(answer: IncomingMessage): Promise<HttpAnswer> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of answer as AsyncIterable<Uint8Array>) {
    bytes += chunk.length
    if (bytes > MAX_ANSWER_BYTES) throw new Error(`the answer is longer than ${MAX_ANSWER_BYTES} bytes`)
    chunks.push(chunk)
  }
  const headers = Object.fromEntries(Object.entries(answer.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]))
  return { status: answer.statusCode ?? 0, headers, body: Buffer.concat(chunks) }
}
