import { type LookupAddress, lookup } from 'node:dns'
import { type ClientRequest, type IncomingMessage, request as requestPlain } from 'node:http'
import { request as requestSecure } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { Readable } from 'node:stream'
import { StatusError } from '@countersign/core/status.ts'
import { isPublicAddress } from './address.ts'

/** The part of `fetch` that is guarded: one exchange, redirects are the caller's. */
export type GuardedFetch = (url: URL, init: GuardedInit) => Promise<Response>

export interface GuardedInit {
  readonly method?: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  readonly signal: AbortSignal
}

export interface DialerOptions {
  /** Hosts, with their port where it is not the scheme's own, that may lie at an address that is not public: a registry inside. */
  readonly allowedHosts: readonly string[]
  /** How names become addresses; the system's way by default. */
  readonly resolve?: Resolve
}

/** All addresses of a name. */
export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>

/**
 * A `fetch` for addresses that input chose (peers.md C15). A name is resolved once, every address it has is judged, and the connection goes to one of
 * those: a name that resolves differently a moment later gains nothing. PERMISSION_DENIED for what may not be dialled; the address stays in the cause,
 * so that nobody maps a network by asking.
 */
export function makeGuardedFetch({ allowedHosts, resolve = resolveBySystem }: DialerOptions): GuardedFetch {
  return async (url, init) => {
    const hostname = url.hostname.replace(/^\[|\]$/g, '')
    const addresses = isIP(hostname) === 0 ? await resolve(hostname) : [{ address: hostname, family: isIP(hostname) }]
    const forbidden = addresses.find(({ address }) => !isPublicAddress(address))
    if (forbidden !== undefined && !allowedHosts.includes(url.host)) throw refusal(url, forbidden.address)
    return await exchange(url, init, pinned(addresses))
  }
}

function exchange(url: URL, { method = 'GET', headers, body, signal }: GuardedInit, pinnedLookup: LookupFunction): Promise<Response> {
  const request = url.protocol === 'https:' ? requestSecure : requestPlain
  return new Promise((resolve, reject) => {
    const sent: ClientRequest = request(url, { method, headers, signal, lookup: pinnedLookup, agent: false })
    sent.on('error', reject)
    sent.on('response', (message) => resolve(toResponse(message)))
    sent.end(body)
  })
}

/** Gives the judged addresses to the socket, whatever the name would resolve to now. */
function pinned(addresses: readonly LookupAddress[]): LookupFunction {
  return (_hostname, options, callback) => {
    const [first] = addresses
    if (first === undefined) callback(new Error('the name has no address'), '')
    else if (options.all === true) callback(null, [...addresses])
    else callback(null, first.address, first.family)
  }
}

function toResponse(message: IncomingMessage): Response {
  const status = message.statusCode ?? 502
  const headers = Object.entries(message.headersDistinct).flatMap(([name, values]) => (values ?? []).map((value): [string, string] => [name, value]))
  const hasBody = ![204, 205, 304].includes(status)
  if (!hasBody) message.resume()
  return new Response(hasBody ? Readable.toWeb(message) : null, { status, headers })
}

function resolveBySystem(hostname: string): Promise<readonly LookupAddress[]> {
  return new Promise((resolve, reject) => {
    lookup(hostname, { all: true }, (error, addresses) => (error === null ? resolve(addresses) : reject(error)))
  })
}

function refusal(url: URL, address: string): StatusError {
  return new StatusError(
    'PERMISSION_DENIED',
    `Cannot dial ${url.host}: its address is not public, expected a public one or a host that the settings allow`,
    {
      cause: new Error(`it resolves to ${address}`),
    },
  )
}
