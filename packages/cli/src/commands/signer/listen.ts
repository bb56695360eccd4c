import type { AddressInfo } from 'node:net'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { UsageError } from '../../terminal.ts'
import type { DoorAnswer, DoorRequest } from './service-door.ts'

const MAX_BODY = 64 * 1024
const MAX_CONNECTIONS = 256
const HEADERS_MS = 10_000
const REQUEST_MS = 20_000

/** A door that is open; `close` lets what is under way end. */
export interface Listening {
  readonly url: string
  close(): Promise<void>
}

/** Opens the door on `HOST:PORT`. Plain text stays on this machine: anything else stands behind a proxy that speaks TLS. */
export async function listen(address: string, door: (request: DoorRequest) => Promise<DoorAnswer>): Promise<Listening> {
  const [, host = '', port = ''] = /^(127\.0\.0\.1|localhost|\[::1\]):(\d{1,5})$/.exec(address) ?? []
  if (host === '' || Number(port) > 65_535) {
    throw new UsageError(
      `Cannot listen on "${address}": expected 127.0.0.1:PORT`,
      'To be reached from elsewhere, put a proxy that speaks TLS before it',
    )
  }
  const { createServer } = await import('node:http')
  const server = createServer({ headersTimeout: HEADERS_MS, requestTimeout: REQUEST_MS, maxHeaderSize: 16 * 1024 })
  server.maxConnections = MAX_CONNECTIONS
  server.on('request', (message, response) => void serve(message, response, door))
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(new UsageError(`Cannot listen on "${address}": ${error.message}`)))
    server.listen(Number(port), host.replace(/[[\]]/g, ''), resolve)
  })
  const close = async (): Promise<void> => await new Promise((resolve) => server.close(() => resolve()))
  return { url: `http://${host}:${(server.address() as AddressInfo).port}`, close }
}

async function serve(message: IncomingMessage, response: ServerResponse, door: (request: DoorRequest) => Promise<DoorAnswer>): Promise<void> {
  try {
    const body = await readBody(message)
    const path = (message.url ?? '').split('?')[0] ?? ''
    const { method = '', headers } = message
    const tooLarge: DoorAnswer = { status: 413, body: { status: 'failed', message: `the body is larger than ${MAX_BODY} bytes` } }
    const answer = body === undefined ? tooLarge : await door({ method, path, authorization: headers.authorization, body })
    response.writeHead(answer.status, { 'content-type': 'application/json; charset=utf-8', ...(body === undefined ? { connection: 'close' } : {}) })
    response.end(JSON.stringify(answer.body))
  } catch {
    // Whoever asked has gone: nobody is left to be told.
    response.destroy()
  }
}

/** Undefined for one that is too large, of which no more is read. */
async function readBody(message: IncomingMessage): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of message.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length
    if (bytes > MAX_BODY) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
