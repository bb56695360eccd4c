import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { StatusError } from '@countersign/core/status.ts'
import type { SendToKubernetes } from './send.ts'

const TIMEOUT_MS = 10_000
const MAX_BYTES = 1024 * 1024

/** Sends over node:https, for a program that has no other way to send; each request on a connection of its own. */
export const sendByHttps: SendToKubernetes = async ({ url, body, ...options }) => {
  try {
    const sent = request(url, { ...options, signal: AbortSignal.timeout(TIMEOUT_MS) })
    sent.end(body)
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    const chunks: Buffer[] = []
    let bytes = 0
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > MAX_BYTES) throw new Error(`the answer is larger than ${MAX_BYTES} bytes`)
      chunks.push(chunk)
    }
    const headers = Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, String(value)]))
    return { status: response.statusCode ?? 0, headers, body: Buffer.concat(chunks) }
  } catch (cause) {
    throw new StatusError('UNAVAILABLE', `Cannot reach ${url}`, { cause })
  }
}
