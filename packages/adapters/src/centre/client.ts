import { Agent as PlainAgent, type ClientRequest, type IncomingMessage, request as requestPlain } from 'node:http'
import { Agent as TlsAgent, request as requestTls } from 'node:https'
import { parseErrorAnswer } from '@countersign/api/rest/status-table.ts'
import { StatusError } from '@countersign/core/status.ts'
import { unreachable } from '../unreachable.ts'

/** A world may hold a policy of 100,000 patterns; nothing else comes near. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024
const MAX_CONNECTIONS = 16
const ANSWER_MS = 10_000

export interface CentreOptions {
  /** `https://centre.example:8080`; `http:` for loopback alone. */
  readonly url: string
  /** Read anew for each request, so that a token can be replaced. */
  readonly token: () => string
  /** PEM of the only authorities to trust, read anew for each request, so that an authority can be replaced; absent: the system's. */
  readonly ca?: () => string
}

/** The centre's REST API, as far as a gate uses it: whole answers within a bound and a deadline, and one stream. */
export interface CentreClient {
  /** The answer's JSON. What the centre refuses with is thrown as it says; UNAVAILABLE where it is not there. Every call may be repeated, and is, once, where a kept connection was gone. */
  call(path: string, body?: unknown): Promise<unknown>
  /** An answer that goes on: its head has come. */
  openEvents(path: string, after: number | undefined): Promise<IncomingMessage>
  close(): void
}

/** Makes the client; connections are kept. */
export function makeCentreClient(options: CentreOptions): CentreClient {
  const isTls = options.url.startsWith('https:')
  const kept = { keepAlive: true, maxSockets: MAX_CONNECTIONS, maxFreeSockets: 4 }
  const agent = isTls ? new TlsAgent(kept) : new PlainAgent(kept)
  const send = (path: string, { accept, body }: { readonly accept: string; readonly body?: unknown }): ClientRequest => {
    const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body))
    const headers = {
      authorization: `Bearer ${options.token()}`,
      accept,
      ...(bytes === undefined ? {} : { 'content-type': 'application/json', 'content-length': bytes.length }),
    }
    const open = isTls ? requestTls : requestPlain
    // The agent keeps connections apart by authority: one that was verified by another is not used again.
    const trust = isTls && options.ca !== undefined ? { ca: options.ca() } : {}
    const request = open(`${options.url}/countersign/v1/${path}`, { agent, method: bytes === undefined ? 'GET' : 'POST', headers, ...trust })
    request.end(bytes)
    return request
  }
  const callOnce = async (path: string, body?: unknown): Promise<unknown> => {
    const request = send(path, { accept: 'application/json', body })
    const answer = await headOf(request, options.url)
    return await readAnswer(answer, options.url)
  }
  return {
    call: async (path, body) => {
      try {
        return await callOnce(path, body)
      } catch (failure) {
        if (!(failure instanceof ConnectionGone)) throw failure
        return await callOnce(path, body)
      }
    },
    openEvents: async (path, after) => {
      const query = after === undefined ? '' : `?after=${after}`
      const answer = await headOf(send(`${path}${query}`, { accept: 'text/event-stream' }), options.url)
      if (answer.statusCode === 200 && answer.headers['content-type'] === 'text/event-stream') return answer
      await readAnswer(answer, options.url)
      throw new StatusError('UNIMPLEMENTED', `${options.url} sends no events: is it the API of a Countersign server of this version?`)
    },
    close: () => agent.destroy(),
  }
}

/** The connection had been closed when we began to use it again: nobody has read the request. */
class ConnectionGone extends StatusError {}

function headOf(request: ClientRequest, url: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => request.destroy(new Error(`no answer within ${ANSWER_MS / 1000} seconds`)), ANSWER_MS)
    request.once('response', (answer) => {
      clearTimeout(timer)
      resolve(answer)
    })
    request.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer)
      const gone = request.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE')
      reject(gone ? new ConnectionGone('UNAVAILABLE', `Cannot reach ${url}: the connection was cut`) : unreachable(url, error, ADVICE))
    })
  })
}

async function readAnswer(answer: IncomingMessage, url: string): Promise<unknown> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  const timer = setTimeout(() => answer.destroy(new Error(`the answer was not whole within ${ANSWER_MS / 1000} seconds`)), ANSWER_MS)
  try {
    for await (const chunk of answer as AsyncIterable<Uint8Array>) {
      bytes += chunk.length
      if (bytes > MAX_ANSWER_BYTES) throw new Error(`the answer is longer than ${MAX_ANSWER_BYTES} bytes`)
      chunks.push(chunk)
    }
  } catch (error) {
    throw unreachable(url, error, ADVICE)
  } finally {
    clearTimeout(timer)
  }
  const status = answer.statusCode ?? 0
  const tree = parseJson(Buffer.concat(chunks).toString('utf8'))
  if (status >= 400) throw parseErrorAnswer(status, tree)
  if (tree === undefined) throw new StatusError('UNKNOWN', `${url} is not the API of a Countersign server: name its address with --upstream`)
  return tree
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const ADVICE = { UNTRUSTED: 'name the authority with --ca-file' }
