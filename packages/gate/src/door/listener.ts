import { createRequire } from 'node:module'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type * as https from 'node:https'
import type { TLSSocket } from 'node:tls'
import type { Caller, GateRequest, GateResponse } from './exchange.ts'
import type { GateSettings } from '../settings.ts'
import { LARGE_BODY_BYTES, LargeBodies } from './large-bodies.ts'
import type { GateCounters } from './metrics.ts'
import { parseTimeout } from './timeout.ts'

/** The certificate that the gate shows, and the authority whose client certificates it verifies (none are demanded). */
export interface TlsMaterial {
  readonly key: string
  readonly cert: string
  readonly clientCa?: string
}

export interface ListenOptions {
  readonly host: string
  /** 0 for any. */
  readonly port: number
  readonly tls: TlsMaterial
}

/** An open door. */
export interface Door {
  readonly port: number
  /** Takes a new certificate for connections from now on. */
  replaceCertificate(tls: TlsMaterial): void
  /** Connections that stay open are told to go with their next answer. */
  drain(): void
  /** Stops listening, lets answers finish for at most `graceMs`, then closes what is left. */
  close(graceMs: number): Promise<void>
}

export interface DoorOptions {
  readonly settings: GateSettings
  readonly counters: GateCounters
  readonly handle: (request: GateRequest) => Promise<GateResponse>
  /** The answer to a body that is too large, from its first bytes. */
  readonly refuseTooLarge: (head: Uint8Array) => GateResponse
  /** The answer while more bytes are in flight than the budget holds. */
  readonly overloaded: () => GateResponse
}

/**
 * A connection that looks idle may have a request on its way, which closing would lose: an API server does not send a POST again. So each is
 * told to go with its next answer first, and only those that had none for so long are closed.
 */
const LAST_CALL_MS = 1_000

/** More than enough of a body for a refusal to find the uid in. */
const HEAD_BYTES = 4096

/**
 * Opens the HTTPS door. HTTP/1.1 only: API servers force it for webhooks, and it is the cheaper one. Bounds, in the order
 * in which a request meets them: connections, TLS handshake and header time, body size, bytes in flight of all requests
 * together, time of the whole request. `node:https` is required, because importing it would load all that its facade exports: 25 ms and 13 MB.
 */
export async function openDoor(listen: ListenOptions, options: DoorOptions): Promise<Door> {
  const { createServer }: typeof https = createRequire(import.meta.url)('node:https')
  const state = newDoorState()
  const server = createServer({ ...tlsOptions(listen.tls), ...limits(options.settings) }, (request, response) =>
    receive(request, response, { ...options, state }),
  )
  server.maxConnections = options.settings.maxConnections
  server.keepAliveTimeout = options.settings.keepAliveTimeoutMs
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(listen.port, listen.host, () => resolve())
  })
  return doorOf(server, state)
}

function tlsOptions(tls: TlsMaterial): https.ServerOptions {
  const client = tls.clientCa === undefined ? {} : { ca: tls.clientCa, requestCert: true, rejectUnauthorized: false }
  return { key: tls.key, cert: tls.cert, minVersion: 'TLSv1.2', ALPNProtocols: ['http/1.1'], ...client }
}

function limits(settings: GateSettings): https.ServerOptions {
  const timeout = settings.requestTimeoutMs
  return {
    headersTimeout: timeout,
    requestTimeout: timeout,
    handshakeTimeout: timeout,
    connectionsCheckingInterval: Math.min(timeout, 1_000),
    maxHeaderSize: 16_384,
  }
}

interface DoorState {
  draining: boolean
  bytesInFlight: number
  readonly largeBodies: LargeBodies
}

/** Open to all, with nothing in flight. */
export function newDoorState(): DoorState {
  return { draining: false, bytesInFlight: 0, largeBodies: new LargeBodies() }
}

function doorOf(server: https.Server, state: DoorState): Door {
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    replaceCertificate: (tls) => server.setSecureContext(tlsOptions(tls)),
    drain: () => {
      state.draining = true
    },
    close: (graceMs) =>
      new Promise((resolve) => {
        state.draining = true
        const timer = setTimeout(() => server.closeAllConnections(), graceMs)
        const shut = (): void => {
          server.close(() => {
            clearTimeout(timer)
            resolve()
          })
          server.closeIdleConnections()
        }
        server.getConnections((_, open) => (open === 0 ? shut() : setTimeout(shut, Math.min(graceMs, LAST_CALL_MS))))
      }),
  }
}

type Receiving = DoorOptions & { readonly state: DoorState }

/**
 * Reads a body within its bounds and has it answered; a large one when its turn comes. What a request reserves of the byte budget it gives back exactly
 * once: when its answer is written, or when its connection breaks.
 */
export function receive(request: IncomingMessage, response: ServerResponse, door: Receiving): void {
  const { settings, state, counters } = door
  let chunks: Buffer[] = []
  let bytes = 0
  let answered = false
  const answer = (given: GateResponse) => {
    answered = true
    write(response, given, state.draining)
  }
  // A caller reads its refusal only if it may go on sending for a while; what it sends is not kept.
  let discarded = 0
  const discard = (more: number) => {
    discarded += more
    if (discarded > 2 * settings.maxBodyBytes) request.destroy()
  }
  response.on('close', () => {
    state.bytesInFlight -= bytes
    bytes = 0
    if (!answered) counters.refusedByDoor.aborted++
    answered = true
  })
  request.on('error', () => response.destroy())
  request.on('data', (chunk: Buffer) => {
    if (answered) return discard(chunk.length)
    bytes += chunk.length
    state.bytesInFlight += chunk.length
    chunks.push(chunk)
    if (state.bytesInFlight > settings.maxBytesInFlight) {
      counters.refusedByDoor.overloaded++
      answer(door.overloaded())
    } else if (bytes > settings.maxBodyBytes || (chunks.length > 1 && bytes >= HEAD_BYTES && declaredLength(request) > settings.maxBodyBytes)) {
      counters.refusedByDoor.tooLarge++
      answer(door.refuseTooLarge(Buffer.concat(chunks).subarray(0, HEAD_BYTES)))
    }
  })
  request.on('end', () => {
    if (answered) return
    const { method = '', url = '' } = request
    const body = chunks.length === 1 ? (chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(chunks)
    // While an answer waits for the disk, nothing holds the body.
    chunks = []
    const handle = () => void door.handle({ method, url, body, caller: callerOf(request) }).then(answer, () => response.destroy())
    if (body.length <= LARGE_BODY_BYTES) return handle()
    const tooLate = () => {
      if (answered) return
      counters.refusedByDoor.overloaded++
      answer(door.overloaded())
    }
    // Whoever hung up while his body waited is not asked about any more.
    const read = () => (answered ? undefined : handle())
    state.largeBodies.add({ timeoutMs: parseTimeout(url) ?? settings.decisionTimeoutMs, read, tooLate })
  })
}

/** Looked at only where a body comes in several pieces: headers are not made an object before somebody asks. */
function declaredLength(request: IncomingMessage): number {
  return Number(request.headers['content-length'] ?? 0)
}

/** The subject of a client certificate that our authority for clients signed; looked at once for each connection. */
const subjects = new WeakMap<object, Caller>()
const BY_SEGMENT: Caller = { verifiedBy: 'URL_SEGMENT' }

function callerOf(request: IncomingMessage): Caller {
  const socket = request.socket as TLSSocket
  if (!socket.authorized) return BY_SEGMENT
  const known = subjects.get(socket)
  if (known !== undefined) return known
  const name: unknown = socket.getPeerCertificate().subject?.CN
  const caller: Caller = { verifiedBy: 'CLIENT_CERTIFICATE', ...(typeof name === 'string' ? { subject: name } : {}) }
  subjects.set(socket, caller)
  return caller
}

function write(response: ServerResponse, given: GateResponse, last: boolean): void {
  if (response.destroyed) return
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(given.body),
    ...given.headers,
    ...(last ? { connection: 'close' } : {}),
  }
  response.writeHead(given.status, headers)
  response.end(given.body)
}
