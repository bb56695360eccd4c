import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'

/** A request as a fake keeper of keys saw it. */
export interface KmsRequest {
  readonly method: string
  /** Path without the query, decoded. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
  readonly json: Readonly<Record<string, unknown>>
}

export interface KmsResponse {
  readonly status: number
  readonly json: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** A fake keeper of keys on a free loopback port. */
export class KmsServer {
  readonly requests: KmsRequest[] = []
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
  }

  /** Starts it; `close` when done. */
  static async start(answer: (request: KmsRequest) => KmsResponse): Promise<KmsServer> {
    const server = createServer()
    const kms = new KmsServer(server)
    server.on('request', (message, response) => void kms.#serve(message, response, answer))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return kms
  }

  get port(): number {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('the server is closed')
    return address.port
  }

  /** `http://127.0.0.1:PORT` */
  get origin(): string {
    return `http://127.0.0.1:${this.port}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #serve(message: IncomingMessage, response: ServerResponse, answer: (request: KmsRequest) => KmsResponse): Promise<void> {
    const url = new URL(message.url ?? '/', 'http://kms.test')
    const body = Buffer.concat(await Array.fromAsync(message as AsyncIterable<Buffer>)).toString('utf8')
    const request: KmsRequest = {
      method: message.method ?? '',
      path: decodeURIComponent(url.pathname),
      query: url.searchParams,
      headers: message.headers,
      json: body.startsWith('{') ? (JSON.parse(body) as Record<string, unknown>) : {},
    }
    this.requests.push(request)
    const { status, json, headers } = answer(request)
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(json))
  }
}

/** A text of a request; empty where there is none. */
export function textOf(tree: unknown, ...path: readonly string[]): string {
  const value = path.reduce<unknown>((inner, name) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, name) : undefined), tree)
  return typeof value === 'string' ? value : ''
}
