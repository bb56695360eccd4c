import { lookup as lookUpName } from 'node:dns'
import { request } from 'node:https'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { StatusError } from '@countersign/core/status.ts'
import type { DeliverHook } from './hook.ts'

const TIMEOUT_MS = 5_000

/** Addresses of this machine and of networks that are nobody's business outside: RFC 1918, 4193, 5735, 6598, link-local, multicast. */
const PRIVATE = new BlockList()
for (const [net, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const)
  PRIVATE.addSubnet(net, prefix, 'ipv4')
for (const [net, prefix] of [
  ['::', 127],
  ['64:ff9b::', 96],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const)
  PRIVATE.addSubnet(net, prefix, 'ipv6')

/** Whether an address is one that only a setting may reach. IPv4 in IPv6 is judged as IPv4. */
export function isPrivateAddress(address: string): boolean {
  return PRIVATE.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}

export interface PostOptions {
  readonly url: string
  /** Reach addresses of private networks too, because the setting says so. */
  readonly addresses: 'PUBLIC' | 'ANY'
  /** PEM; absent: the system's authorities. */
  readonly ca?: string
}

/**
 * Posts to one HTTPS address. What the name stands for is judged at the moment at which it is connected to, so that a name that
 * changes between look and call gets no further; redirects are not followed.
 */
export function makeGuardedPost({ url, addresses, ca }: PostOptions): DeliverHook {
  const { hostname } = new URL(url)
  const literal = hostname.replace(/^\[|\]$/g, '')
  const guarded = addresses === 'PUBLIC'
  return (body, headers) =>
    new Promise((resolve, reject) => {
      if (guarded && isIP(literal) > 0 && isPrivateAddress(literal)) return reject(privateAddress(literal))
      const sent = request(url, {
        method: 'POST',
        headers: { ...headers, 'content-length': Buffer.byteLength(body) },
        signal: AbortSignal.timeout(TIMEOUT_MS),
        ...(ca === undefined ? {} : { ca }),
        ...(guarded ? { lookup: guardedLookup } : {}),
      })
      sent.on('error', reject)
      sent.on('response', (response) => {
        response.resume()
        resolve(response.statusCode ?? 0)
      })
      sent.end(body)
    })
}

const guardedLookup: LookupFunction = (name, options, callback) => {
  lookUpName(name, { ...options, all: true }, (error, found) => {
    if (error !== null) return callback(error, [])
    const wrong = found.find(({ address }) => isPrivateAddress(address))
    if (wrong !== undefined) return callback(privateAddress(wrong.address), [])
    if (options.all === true) return callback(null, found)
    callback(null, found[0]?.address ?? '', found[0]?.family)
  })
}

function privateAddress(address: string): StatusError {
  return new StatusError('PERMISSION_DENIED', `Refuses to call ${address}: it is an address of a private network`)
}
