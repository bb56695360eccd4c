import type { Server as HttpServer } from 'node:http'
import net from 'node:net'
import tls from 'node:tls'
import type { Server as GrpcServer } from '@grpc/grpc-js'
import { ServerCredentials } from '@grpc/grpc-js'
import { StatusError } from '@countersign/core/status.ts'
import { cannotListen, formatAuthority, type Address } from '../config/address.ts'

/*
 * One port for gRPC, REST and the root page.
 *
 * Plain text: the first bytes tell. An HTTP/2 connection begins with "PRI * HTTP/2.0" (RFC 9113 §3.4), and no HTTP/1.1
 * method that we serve begins with "PRI". TLS: ALPN tells; browsers and curl are given HTTP/1.1, clients that offer only
 * h2 are gRPC. A connection that does not say what it is within CLASSIFY_MS is closed: nothing waits without a deadline.
 */
const CLASSIFY_MS = 10_000
const MAX_CONNECTIONS = 4096

export interface ApiPortOptions {
  readonly address: Address
  /** Absent: plain text. */
  readonly tls?: { readonly cert: string; readonly key: string }
  readonly http: HttpServer
  readonly grpc: GrpcServer
}

/** The open port. */
export interface ApiPort {
  /** `http://127.0.0.1:8080`, with the port that was really taken. */
  readonly url: string
  /** Shows this certificate to connections from now on; nothing where the port is plain. */
  replaceCertificate(pair: { readonly cert: string; readonly key: string }): void
  /** Takes no new connection, lets requests under way finish for `graceMs`, then ends the rest. */
  close(graceMs: number): Promise<void>
}

/** Opens the port. Throws UNAVAILABLE with a next step where the address is taken. */
export async function openApiPort(options: ApiPortOptions): Promise<ApiPort> {
  const injector = options.grpc.createConnectionInjector(ServerCredentials.createInsecure())
  const sockets = new Set<net.Socket>()
  const toHttp = (socket: net.Socket): boolean => options.http.emit('connection', socket)
  const toGrpc = (socket: net.Socket): void => injector.injectConnection(socket)
  const listener = options.tls === undefined ? listenPlain(toHttp, toGrpc) : listenTls(options.tls, toHttp, toGrpc)
  listener.maxConnections = MAX_CONNECTIONS
  listener.on('connection', (socket: net.Socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
  })
  await listen(listener, options.address)
  // Sockets handed over by hand have no header or request deadline until the server believes that it listens.
  options.http.emit('listening')
  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://${formatAuthority(options.address.host, portOf(listener))}`,
    replaceCertificate: (pair) => {
      if (listener instanceof tls.Server) listener.setSecureContext(pair)
    },
    close: (graceMs) => closePort({ listener, sockets, http: options.http, drainGrpc: () => injector.drain(graceMs), graceMs }),
  }
}

function listenPlain(toHttp: (socket: net.Socket) => void, toGrpc: (socket: net.Socket) => void): net.Server {
  return net.createServer({ noDelay: true }, (socket) => {
    const deadline = setTimeout(() => socket.destroy(), CLASSIFY_MS)
    socket.once('close', () => clearTimeout(deadline))
    const classify = (): void => {
      const first = socket.read() as Buffer | null
      if (first === null) return
      socket.unshift(first)
      if (first.length < 3 && 'PRI'.startsWith(first.toString('latin1'))) return
      socket.off('readable', classify)
      clearTimeout(deadline)
      if (first.subarray(0, 3).toString('latin1') === 'PRI') toGrpc(socket)
      else toHttp(socket)
    }
    socket.on('readable', classify)
  })
}

function listenTls(
  pair: { readonly cert: string; readonly key: string },
  toHttp: (socket: net.Socket) => void,
  toGrpc: (socket: net.Socket) => void,
): tls.Server {
  const ALPNCallback = ({ protocols }: { readonly protocols: readonly string[] }): string | undefined =>
    protocols.includes('http/1.1') ? 'http/1.1' : protocols.includes('h2') ? 'h2' : undefined
  const server = tls.createServer({ ...pair, ALPNCallback, minVersion: 'TLSv1.2', handshakeTimeout: CLASSIFY_MS, noDelay: true }, (socket) => {
    socket.on('error', () => socket.destroy())
    if (socket.alpnProtocol === 'h2') toGrpc(socket)
    else toHttp(socket)
  })
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  return server
}

function listen(listener: net.Server, address: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    listener.once('error', (error: NodeJS.ErrnoException) =>
      reject(new StatusError('UNAVAILABLE', cannotListen('--listen', address, error), { cause: error })),
    )
    listener.listen({ host: address.host, port: address.port }, () => resolve())
  })
}

function portOf(listener: net.Server): number {
  const address = listener.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

interface Closing {
  readonly listener: net.Server
  readonly sockets: ReadonlySet<net.Socket>
  readonly http: HttpServer
  readonly drainGrpc: () => void
  readonly graceMs: number
}

async function closePort(closing: Closing): Promise<void> {
  const closed = new Promise<void>((resolve) => closing.listener.close(() => resolve()))
  closing.drainGrpc()
  closing.http.closeIdleConnections()
  const deadline = setTimeout(() => {
    for (const socket of closing.sockets) socket.destroy()
  }, closing.graceMs)
  await closed
  clearTimeout(deadline)
}
