import { type LookupAddress, lookup } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { StatusError } from '@countersign/core/status.ts'
import { isPublicAddress } from './address.ts'

/** Judges where a URL leads before anything is sent; gives the look-up that a connection to it must use, undefined where any will do. */
export type Guard = (url: URL) => Promise<LookupFunction | undefined>

export interface GuardOptions {
  /** Hosts, with their port where it is not the scheme's own, that whoever runs this has named: they may lie inside, and behind a proxy. */
  readonly allowedHosts: readonly string[]
  /** How names become addresses; the system's way by default. */
  readonly resolve?: Resolve
}

/** All addresses of a name. */
export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>

/**
 * A guard for addresses that input chose (peers.md C15). A name is resolved once, every address it has is judged, and the connection goes to one of
 * those: a name that resolves differently a moment later gains nothing. PERMISSION_DENIED for what may not be dialled; the address stays in the cause,
 * so that nobody maps a network by asking. A proxy would resolve the name again, so that only hosts that were named go through one.
 */
export function makeGuard({ allowedHosts, resolve = resolveBySystem }: GuardOptions): Guard {
  return async (url) => {
    if (allowedHosts.includes(url.host)) return undefined
    const hostname = url.hostname.replace(/^\[|\]$/g, '')
    const addresses = isIP(hostname) === 0 ? await resolve(hostname) : [{ address: hostname, family: isIP(hostname) }]
    const forbidden = addresses.find(({ address }) => !isPublicAddress(address))
    if (forbidden !== undefined) throw refusal(url, forbidden.address)
    return pinned(addresses)
  }
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

function resolveBySystem(hostname: string): Promise<readonly LookupAddress[]> {
  return new Promise((resolve, reject) => {
    lookup(hostname, { all: true }, (error, addresses) => (error === null ? resolve(addresses) : reject(error)))
  })
}

function refusal(url: URL, address: string): StatusError {
  const why = 'its address is not public, expected a public one or a host that the settings allow'
  return new StatusError('PERMISSION_DENIED', `Cannot dial ${url.host}: ${why}`, { cause: new Error(`it resolves to ${address}`) })
}
