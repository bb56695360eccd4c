import { hostname } from 'node:os'
import type { PemPair } from '@countersign/adapters/certificates/authority.ts'
import { type CertificateFiles, readCertificateFiles, type ShownCertificate } from '@countersign/adapters/certificates/certificate-files.ts'
import { keepRenewed, type RenewalPorts } from '@countersign/adapters/certificates/renewal.ts'
import { readNamedFile } from '@countersign/adapters/named-file.ts'
import type { ServerConfig } from '../config/config.ts'
import type { ApiPort } from '../doors/api-port.ts'
import { openCertificates } from './certificates.ts'
import type { DataFolder } from './data-folder.ts'
import type { WebhookTls } from './gate-protocol.ts'
import type { GateThread } from './gate-thread.ts'
import type { ServerLog } from './log.ts'

/** Well within the time before its end at which an own certificate is made anew. */
const OWN_CHECK_MS = 12 * 3600 * 1000
/** Somebody else replaces these, when he likes. */
const FILES_CHECK_MS = 2_000

/** Where a door's certificate comes from, and how often to look for another one: from files where they are named, else our own. */
export function certificateSource(
  files: CertificateFiles | undefined,
  openOwn: () => Promise<ShownCertificate>,
): Pick<RenewalPorts, 'open' | 'everyMs'> {
  return files === undefined ? { open: openOwn, everyMs: OWN_CHECK_MS } : { open: async () => readCertificateFiles(files), everyMs: FILES_CHECK_MS }
}

/** What a server's two doors show. */
export interface DoorCertificates {
  /** Undefined where the API speaks plain text. */
  readonly api: PemPair | undefined
  /** At this moment. */
  readonly webhook: () => WebhookTls
  /** The authorities by which a cluster knows the webhook at this moment. */
  readonly webhookCaBundle: () => string
  /** Shows another certificate at the doors as soon as there is one, until it is stopped. */
  keepRenewed(doors: Doors): { readonly stop: () => void }
}

interface Doors {
  readonly api: Pick<ApiPort, 'replaceCertificate'>
  readonly gate: Pick<GateThread, 'replaceCertificate'>
}

export interface DoorCertificateParts {
  readonly config: ServerConfig
  readonly data: DataFolder
  readonly now: () => number
  readonly log: ServerLog
}

/** Reads or makes them. Throws FAILED_PRECONDITION where a named file cannot be used. */
export async function openDoorCertificates({ config, data, now, log }: DoorCertificateParts): Promise<DoorCertificates> {
  const { webhookTls } = config
  const openOwn = () => openCertificates(data, { hosts: hostsOf(config), now: now() })
  const [fromUs, toWebhook] = [certificateSource(undefined, openOwn), certificateSource(webhookTls, openOwn)]
  const own = await fromUs.open()
  let atWebhook = await toWebhook.open()
  return {
    api: pairAtApi(config, own),
    webhook: () => shownAtWebhook(config, atWebhook),
    webhookCaBundle: () => atWebhook.caBundle,
    keepRenewed: ({ api, gate }) => {
      const showAtApi = ({ pair }: ShownCertificate) => (config.tls.mode === 'SELF' ? api.replaceCertificate(pair) : undefined)
      const showAtWebhook = (renewed: ShownCertificate): void => {
        gate.replaceCertificate(shownAtWebhook(config, renewed))
        atWebhook = renewed
      }
      // Whoever makes a certificate makes it for all who show it, so one look serves both doors where both show our own.
      const showOwn = (renewed: ShownCertificate): void => {
        showAtApi(renewed)
        if (webhookTls === undefined) showAtWebhook(renewed)
      }
      const renewals = [keepRenewed(own, { ...fromUs, onRenewed: showOwn, log })]
      if (webhookTls !== undefined) renewals.push(keepRenewed(atWebhook, { ...toWebhook, onRenewed: showAtWebhook, log }))
      return { stop: () => renewals.forEach((renewal) => renewal.stop()) }
    },
  }
}

function pairAtApi({ tls }: ServerConfig, own: ShownCertificate): PemPair | undefined {
  switch (tls.mode) {
    case 'OFF':
      return undefined
    case 'SELF':
      return own.pair
    case 'FILES':
      return { cert: readNamedFile(tls.certFile, 'PEM file'), key: readNamedFile(tls.keyFile, 'PEM file') }
  }
}

/** What a webhook shows, with the authority of client certificates where one is named. Throws FAILED_PRECONDITION where that cannot be read. */
export function shownAtWebhook({ webhookClientCa }: Pick<ServerConfig, 'webhookClientCa'>, { pair }: ShownCertificate): WebhookTls {
  return webhookClientCa === undefined ? pair : { ...pair, clientCa: readNamedFile(webhookClientCa, 'PEM file') }
}

/** The names under which clusters and people may reach this machine's doors. */
function hostsOf({ listen, webhookListen, webhookUrl, hostnames }: ServerConfig): readonly string[] {
  const named = webhookUrl === undefined ? [] : [new URL(webhookUrl).hostname.replace(/^\[|\]$/g, '')]
  return namesOfMachine([listen.host, webhookListen.host], [...named, ...hostnames])
}

/** Loopback, this machine's name, the addresses that are listened on, and what else is named; each once. */
export function namesOfMachine(bound: readonly string[], named: readonly string[]): readonly string[] {
  const addresses = bound.filter((host) => host !== '0.0.0.0' && host !== '::')
  return [...new Set(['localhost', '127.0.0.1', '::1', hostname(), ...addresses, ...named])]
}
