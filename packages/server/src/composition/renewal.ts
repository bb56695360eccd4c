import type { Certificates } from './certificates.ts'
import type { ServerLog } from './log.ts'

/** Well within the time before its end at which a certificate is made anew. */
const CHECK_MS = 12 * 3600 * 1000

export interface RenewalPorts {
  /** Reads the certificates, and makes anew what nears its end. */
  readonly open: () => Promise<Certificates>
  /** Shows the new pair to connections from now on. */
  readonly onRenewed: (pair: Certificates['pair']) => void
  readonly log: Pick<ServerLog, 'info' | 'error'>
}

/** Looks twice a day whether the server certificate nears its end, so that a server that runs for months never shows an expired one. */
export function keepRenewed(first: Certificates, ports: RenewalPorts): { readonly stop: () => void; readonly renew: () => Promise<void> } {
  let shown = first.pair.cert
  const renew = async (): Promise<void> => {
    try {
      const { pair } = await ports.open()
      if (pair.cert === shown) return
      ports.onRenewed(pair)
      shown = pair.cert
      ports.log.info('The server certificate was renewed')
    } catch (error) {
      ports.log.error('Cannot renew the server certificate', { err: error instanceof Error ? error.message : String(error) })
    }
  }
  const timer = setInterval(() => void renew(), CHECK_MS).unref()
  return { stop: () => clearInterval(timer), renew }
}
