import type { ShownCertificate } from './certificate-files.ts'

export interface RenewalPorts {
  /** Reads the certificate, and makes anew what nears its end where it is ours to make. */
  readonly open: () => Promise<ShownCertificate>
  /** Shows it to connections from now on. */
  readonly onRenewed: (shown: ShownCertificate) => void
  readonly log: { info(message: string): void; error(message: string, fields: { readonly err: string }): void }
  readonly everyMs: number
}

/** Looks again and again whether there is another certificate or bundle, so that what runs for months never shows an expired one. */
export function keepRenewed(first: ShownCertificate, ports: RenewalPorts): { readonly stop: () => void; readonly renew: () => Promise<void> } {
  let shown = first
  const renew = async (): Promise<void> => {
    try {
      const opened = await ports.open()
      if (opened.pair.cert === shown.pair.cert && opened.caBundle === shown.caBundle) return
      ports.onRenewed(opened)
      shown = opened
      ports.log.info('The server certificate was renewed')
    } catch (error) {
      ports.log.error('Cannot renew the server certificate', { err: error instanceof Error ? error.message : String(error) })
    }
  }
  const timer = setInterval(() => void renew(), ports.everyMs).unref()
  return { stop: () => clearInterval(timer), renew }
}
