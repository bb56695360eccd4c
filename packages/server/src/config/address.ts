import type { Parsed } from '@countersign/core/parsed.ts'

/** Where a door listens. */
export interface Address {
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
  readonly loopback: boolean
}

/** Parses HOST:PORT; an IPv6 host stands in brackets. */
export function parseAddress(text: string): Parsed<Address> {
  const match = /^(?:\[([0-9a-fA-F:.]{2,45})\]|([A-Za-z0-9.-]{1,253})):([0-9]{1,5})$/.exec(text)
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  if (host === undefined || port > 65_535) {
    return { ok: false, issues: [{ path: [], message: `Address "${text}" is not valid: expected HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080` }] }
  }
  return { ok: true, value: { host, port, loopback: isLoopback(host) } }
}

/** Formats a host and port as they stand in a URL. */
export function formatAuthority(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** Whether a host, without brackets, is this machine itself. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.[0-9]{1,3}){3}$/.test(host)
}

/** Says why an address cannot be had, and what to do: the flag is the one that chooses it. */
export function cannotListen(flag: string, { host, port }: Pick<Address, 'host' | 'port'>, { code, message }: NodeJS.ErrnoException): string {
  const reason = (code === undefined ? undefined : LISTEN_REASONS[code]) ?? code ?? message
  return `Cannot listen on ${formatAuthority(host, port)}: ${reason}; choose another with ${flag}`
}

const LISTEN_REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program uses this address (port 0 takes any that is free)',
  EADDRNOTAVAIL: 'this machine has no such address',
  EACCES: 'you may not use this port',
  ENOTFOUND: 'the host name is not known',
}
