import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http'
import { StatusError } from '@countersign/core/status.ts'
import type { ReceivedAnswer, SentRequest } from './send.ts'

const TIMEOUT_MS = 60_000
const MAX_ANSWER_BYTES = 64 * 1024 * 1024

/** Sends over `node:http` or `node:https`: unlike `fetch`, they take an authority of one's own, and load at once. */
export async function sendOverHttp(request: SentRequest): Promise<ReceivedAnswer> {
  const url = new URL(request.url)
  const isTls = url.protocol === 'https:'
  const { request: open } = isTls ? await import('node:https') : await import('node:http')
  const length = request.body === undefined ? {} : { 'content-length': String(request.body.length) }
  const options: RequestOptions = { method: request.method, headers: { ...request.headers, ...length } }
  const { ca, cert, key } = request
  const secure = isTls
    ? { ...options, ...(ca === undefined ? {} : { ca }), ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }) }
    : options
  return await new Promise((resolve, reject) => {
    const fail = (error: Error): void => reject(explain(error, url))
    const sent: ClientRequest = open(url, secure, (answer) => void readAnswer(answer).then(resolve, fail))
    sent.setTimeout(TIMEOUT_MS, () => sent.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} seconds`)))
    sent.on('error', fail)
    sent.end(request.body)
  })
}

async function readAnswer(answer: IncomingMessage): Promise<ReceivedAnswer> {
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

function explain(error: Error, url: URL): StatusError {
  const code = 'code' in error ? String(error.code) : ''
  const reason = REASONS[code] ?? (error.message || code)
  return new StatusError('UNAVAILABLE', `Cannot reach ${url.origin}: ${reason}`, { cause: error })
}

const ASK_FOR_CA = 'its certificate is signed by an authority that is not trusted here; name the authority with --ca-file'
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there; start a server with: countersign serve, or name another one with --server or COUNTERSIGN_SERVER',
  ENOTFOUND: 'the host name is not known',
  ECONNRESET: 'the connection was cut; is it a TLS port? then write https://',
  EPROTO: 'it does not speak TLS; is it a plain port? then write http://',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS; is it a plain port? then write http://',
  HPE_INVALID_CONSTANT: 'it does not speak HTTP; is it a TLS port? then write https://',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: ASK_FOR_CA,
  SELF_SIGNED_CERT_IN_CHAIN: ASK_FOR_CA,
  DEPTH_ZERO_SELF_SIGNED_CERT: ASK_FOR_CA,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: ASK_FOR_CA,
}
