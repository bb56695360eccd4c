import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { makeRestHandler } from '@countersign/api/rest/rest-handler.ts'
import { readCertificateFiles, type ShownCertificate } from '@countersign/adapters/certificates/certificate-files.ts'
import { keepRenewed } from '@countersign/adapters/certificates/renewal.ts'
import { openStore, type Store } from '@countersign/adapters/store/store.ts'
import { StatusError } from '@countersign/core/status.ts'
import { makePageTokens } from '@countersign/service/changes/page-token.ts'
import { serveAll } from '../api/services.ts'
import { type ServerConfig } from '../config/config.ts'
import { formatAuthority } from '../config/address.ts'
import { type ApiPort, openApiPort } from '../doors/api-port.ts'
import { type Authenticate, authenticateByToken } from '../doors/authentication.ts'
import { makeGrpcDoor } from '../doors/grpc-door.ts'
import { makeHttpDoor } from '../doors/http-door.ts'
import type { Welcome } from '../doors/root-page.ts'
import { type Centre, openCentre } from './centre.ts'
import { makeEventWriter } from './break-glass-events.ts'
import { openBreakGlassBell } from './break-glass-hook.ts'
import { openCertificates } from './certificates.ts'
import { clientSettings } from './client-settings.ts'
import { type DataFolder, openDataFolder, writeFileDurably } from './data-folder.ts'
import { ensureAdminToken } from './first-token.ts'
import { type Flows, makeFlows } from './flows.ts'
import { type GateThread, startGateThread } from './gate-thread.ts'
import { connectKubernetes } from './kubernetes.ts'
import type { ServerLog } from './log.ts'
import { systemSurroundings } from './surroundings.ts'

/** Well within the time before its end at which an own certificate is made anew. */
const OWN_CHECK_MS = 12 * 3600 * 1000
/** Somebody else replaces these, when he likes. */
const FILES_CHECK_MS = 2_000

/** A running server. */
export interface RunningServer {
  readonly welcome: Welcome
  /** Unready at once; lets requests under way finish, ships what the gate decided, closes the store. */
  close(graceMs: number): Promise<void>
}

export interface ServerParts {
  readonly config: ServerConfig
  readonly version: string
  readonly log: ServerLog
  /** The server cannot go on: end it with a failure. */
  readonly onFatal: (error: Error) => void
}

/** Opens everything in order: data folder, store, certificates, first token, gate, API. Rejects with what could not be opened; nothing is left open then. */
export async function startServer(parts: ServerParts): Promise<RunningServer> {
  const closers: (() => Promise<void>)[] = []
  try {
    return await open(parts, closers)
  } catch (error) {
    for (const close of closers.reverse()) await close()
    throw error
  }
}

async function open(parts: ServerParts, closers: (() => Promise<void>)[]): Promise<RunningServer> {
  const { config, log } = parts
  const state = { ready: false, welcome: undefined as Welcome | undefined }
  const surroundings = systemSurroundings()
  const data = openDataFolder(config.dataFolder)
  const openOwn = () => openCertificates(data, { hosts: certificateHosts(config), now: surroundings.now() })
  const { webhookTls } = config
  const openWebhook = webhookTls === undefined ? openOwn : async () => readCertificateFiles(webhookTls)
  const [certificates, webhookCertificates] = [await openOwn(), await openWebhook()]
  const shown = { webhook: webhookCertificates }
  const waiting = { applied: async (_position: number): Promise<void> => undefined }
  const store = await openStore({ path: data.storeFile, surroundings, onCommit: (position) => waiting.applied(position) })
  closers.push(() => store.close())
  const flows = makeFlows({ store, surroundings, pageTokens: makePageTokens(randomBytes(32)) })
  await ensureAdminToken(flows.tokens, data)
  const bell = openBreakGlassBell(config.breakGlassHook, log, surroundings.uuid)
  closers.push(() => bell.close())
  const { breakGlassEvents } = config
  const writeEventOf = breakGlassEvents === undefined ? undefined : makeEventWriter(await connectKubernetes(breakGlassEvents, process.env), log)
  const gate = await startGateThread({
    ...gateParts(parts, data, webhookCertificates),
    onBreakGlass: (use) => {
      bell.ring(use)
      writeEventOf?.(use)
    },
    acceptDecisions: (writer, records) =>
      store.acceptDecisions(
        writer,
        records.map((record) => ({ writer, ...record })),
      ),
  })
  closers.push(() => gate.close(0))
  const authenticate = authenticateByToken(flows.tokens)
  const centre = openCentre({ storeFile: data.storeFile, flows, authenticate, feedPosition: () => store.feed.head(), log })
  closers.push(() => centre.close())
  waiting.applied = (position) => {
    centre.streams.wake()
    return gate.applied(position)
  }
  const webhookUrl = config.webhookUrl ?? `https://${formatAuthority(config.webhookListen.host, gate.port)}`
  const api = await openApi({
    parts,
    store,
    flows,
    gate,
    centre,
    authenticate,
    certificates,
    shown,
    webhookUrl,
    startTime: surroundings.timestamp(),
    state,
  })
  const welcome: Welcome = {
    version: parts.version,
    apiUrl: api.url,
    webhookUrl,
    adminTokenFile: data.adminTokenFile,
    dataFolder: data.folder,
    clientSettings: clientSettings(config, data, api.url),
  }
  state.welcome = welcome
  state.ready = true
  const renewals = keepAllRenewed(parts, { openOwn, openWebhook, certificates, shown, api, gate })
  if (config.readyFile !== undefined) writeReadyFile(config.readyFile, welcome, data)
  return {
    welcome,
    close: async (graceMs) => {
      state.ready = false
      for (const renewal of renewals) renewal.stop()
      log.info('Draining', { graceMs })
      centre.streams.close()
      await Promise.all([api.close(graceMs), gate.close(graceMs)])
      await bell.close()
      await centre.close()
      await store.close()
    },
  }
}

interface Renewed {
  readonly openOwn: () => Promise<ShownCertificate>
  readonly openWebhook: () => Promise<ShownCertificate>
  readonly certificates: ShownCertificate
  readonly shown: { webhook: ShownCertificate }
  readonly api: ApiPort
  readonly gate: GateThread
}

/** Whoever makes a certificate makes it for all who show it, so one look serves both doors where both show our own. */
function keepAllRenewed({ config, log }: ServerParts, { openOwn, openWebhook, certificates, shown, api, gate }: Renewed) {
  const showAtApi = ({ pair }: ShownCertificate) => (config.tls.mode === 'SELF' ? api.replaceCertificate(pair) : undefined)
  const showAtWebhook = (renewed: ShownCertificate): void => {
    gate.replaceCertificate(shownAtWebhook(config, renewed))
    shown.webhook = renewed
  }
  const own = { open: openOwn, log, everyMs: OWN_CHECK_MS }
  if (config.webhookTls === undefined) {
    const onRenewed = (renewed: ShownCertificate): void => {
      showAtApi(renewed)
      showAtWebhook(renewed)
    }
    return [keepRenewed(certificates, { ...own, onRenewed })]
  }
  return [
    keepRenewed(certificates, { ...own, onRenewed: showAtApi }),
    keepRenewed(shown.webhook, { open: openWebhook, onRenewed: showAtWebhook, log, everyMs: FILES_CHECK_MS }),
  ]
}

interface OpenApi {
  readonly parts: ServerParts
  readonly store: Store
  readonly flows: Flows
  readonly gate: GateThread
  readonly centre: Centre
  readonly authenticate: Authenticate
  readonly certificates: ShownCertificate
  /** What the webhook shows at this moment. */
  readonly shown: { readonly webhook: ShownCertificate }
  readonly webhookUrl: string
  readonly startTime: string
  readonly state: { readonly ready: boolean; readonly welcome: Welcome | undefined }
}

async function openApi({ parts, store, flows, gate, centre, authenticate, ...open }: OpenApi): Promise<ApiPort> {
  const { config, version, log } = parts
  const { certificates, shown, webhookUrl, startTime, state } = open
  const webhook = () => ({ url: webhookUrl, caBundle: shown.webhook.caBundle })
  const about = { version, startTime, apiUrl: () => state.welcome?.apiUrl ?? '', webhook, feedPosition: () => store.feed.head() }
  const status = { ...about, gate: gate.status, remote: flows.gates.listGates, now: Date.now }
  const services = serveAll(flows, { webhook, status, gates: centre.parts })
  const http = makeHttpDoor({
    rest: makeRestHandler(services),
    authenticate,
    streams: centre.streams,
    welcome: () => state.welcome,
    isReady: () => state.ready,
    onAnswer: log.answer,
  })
  const grpc = makeGrpcDoor({ services, authenticate, onAnswer: log.answer })
  const tls = apiTls(config, certificates)
  return await openApiPort({ address: config.listen, http, grpc, ...(tls === undefined ? {} : { tls }) })
}

function gateParts({ config, log, onFatal }: ServerParts, data: DataFolder, certificates: ShownCertificate) {
  const { undecided, webhookName, imageReviewMustShow, stalenessBudgetMs, maxReviewBytes: maxBodyBytes, maxInflightBytes: maxBytesInFlight } = config
  const settings = { undecided, webhookName, imageReviewMustShow, stalenessBudgetMs, maxBodyBytes, maxBytesInFlight }
  const { host, port } = config.webhookListen
  return {
    data: { storeFile: data.storeFile, spoolFolder: data.spoolFolder, host, port, tls: shownAtWebhook(config, certificates), settings },
    log: (level: 'info' | 'warn' | 'error', message: string, fields: Readonly<Record<string, unknown>>) =>
      log[level](message, { part: 'gate', ...fields }),
    onDeath: onFatal,
  }
}

/** With the authority of client certificates, where one is named. */
function shownAtWebhook({ webhookClientCa }: ServerConfig, { pair }: ShownCertificate) {
  return webhookClientCa === undefined ? pair : { ...pair, clientCa: readPem(webhookClientCa) }
}

function apiTls({ tls }: ServerConfig, certificates: ShownCertificate): { readonly cert: string; readonly key: string } | undefined {
  switch (tls.mode) {
    case 'OFF':
      return undefined
    case 'SELF':
      return certificates.pair
    case 'FILES':
      return { cert: readPem(tls.certFile), key: readPem(tls.keyFile) }
  }
}

function readPem(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new StatusError('FAILED_PRECONDITION', `Cannot read "${path}": expected a readable PEM file`, { cause })
  }
}

/** The names under which clusters and people may reach this machine's doors. */
function certificateHosts({ listen, webhookListen, webhookUrl, hostnames }: ServerConfig): readonly string[] {
  const named = webhookUrl === undefined ? [] : [new URL(webhookUrl).hostname.replace(/^\[|\]$/g, '')]
  const bound = [listen.host, webhookListen.host].filter((host) => host !== '0.0.0.0' && host !== '::')
  return [...new Set(['localhost', '127.0.0.1', '::1', hostname(), ...bound, ...named, ...hostnames])]
}

function writeReadyFile(path: string, welcome: Welcome, { caFile, adminTokenFile }: DataFolder): void {
  const { apiUrl, webhookUrl } = welcome
  writeFileDurably(path, `${JSON.stringify({ apiUrl, webhookUrl, caFile, adminTokenFile })}\n`, 0o600)
}
