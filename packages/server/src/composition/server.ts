import { randomBytes } from 'node:crypto'
import { openStore, type Store } from '@countersign/adapters/store/store.ts'
import { makePageTokens } from '@countersign/service/changes/page-token.ts'
import { formatAuthority } from '../config/address.ts'
import type { ServerConfig } from '../config/config.ts'
import { authenticateByToken } from '../doors/authentication.ts'
import type { Welcome } from '../doors/root-page.ts'
import { openApi } from './api.ts'
import type { BreakGlassTelling } from './break-glass-hook.ts'
import { openBreakGlassTelling } from './break-glass-telling.ts'
import { openCentre } from './centre.ts'
import { clientSettings } from './client-settings.ts'
import { type DataFolder, openDataFolder, writeFileDurably } from './data-folder.ts'
import { type DoorCertificates, openDoorCertificates } from './door-certificates.ts'
import { ensureAdminToken } from './first-token.ts'
import { makeFlows } from './flows.ts'
import { type GateThreadOptions, startGateThread } from './gate-thread.ts'
import { openLogSealing } from './log-sealing.ts'
import type { ServerLog } from './log.ts'
import { openMetrics } from './metrics.ts'
import { openInOrder, type Undo } from './open-in-order.ts'
import { systemSurroundings } from './surroundings.ts'

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
  return await openInOrder((undo) => open(parts, undo))
}

async function open(parts: ServerParts, undo: Undo): Promise<RunningServer> {
  const { config, log } = parts
  const surroundings = systemSurroundings()
  const startTime = surroundings.timestamp()
  const data = openDataFolder(config.dataFolder)
  const certificates = await openDoorCertificates({ config, data, now: surroundings.now, log })
  // The store is there before those who wait for its commits.
  let onCommit = async (_position: number): Promise<void> => undefined
  const store = await openStore({ path: data.storeFile, surroundings, onCommit: (position) => onCommit(position) })
  undo(() => store.close())
  const sealing = openLogSealing({ config, data, store, uuid: surroundings.uuid, log })
  undo(() => sealing.close())
  const flows = makeFlows({ store, surroundings, pageTokens: makePageTokens(randomBytes(32)), logHead: sealing.head })
  await ensureAdminToken(flows.tokens, data)
  const telling = await openBreakGlassTelling(config, { log, uuid: surroundings.uuid })
  undo(() => telling.close())
  const gate = await startGateThread(gateOptions(parts, { data, store, certificates, telling }))
  undo(() => gate.close(0))
  const metrics = await openMetrics(config.metricsListen, gate.status)
  undo(() => metrics.close())
  const authenticate = authenticateByToken(flows.tokens)
  const centre = openCentre({ storeFile: data.storeFile, flows, authenticate, feedPosition: () => store.feed.head(), log })
  undo(() => centre.close())
  onCommit = (position) => {
    centre.streams.wake()
    return gate.applied(position)
  }
  const webhookUrl = config.webhookUrl ?? `https://${formatAuthority(config.webhookListen.host, gate.port)}`
  const state = { ready: false, welcome: undefined as Welcome | undefined }
  const shown = { welcome: () => state.welcome, isReady: () => state.ready }
  const api = await openApi({ ...parts, ...shown, store, flows, gate, centre, authenticate, certificates, webhookUrl, startTime })
  const welcome = welcomeOf(parts, data, { apiUrl: api.url, webhookUrl })
  Object.assign(state, { ready: true, welcome })
  const renewal = certificates.keepRenewed({ api, gate })
  if (config.readyFile !== undefined) writeReadyFile(config.readyFile, welcome, data)
  return {
    welcome,
    close: async (graceMs) => {
      state.ready = false
      renewal.stop()
      log.info('Draining', { graceMs })
      centre.streams.close()
      await Promise.all([api.close(graceMs), gate.close(graceMs)])
      await metrics.close()
      await telling.close()
      await centre.close()
      await sealing.close()
      await store.close()
    },
  }
}

interface GateParts {
  readonly data: DataFolder
  readonly store: Store
  readonly certificates: DoorCertificates
  readonly telling: BreakGlassTelling
}

function gateOptions({ config, log, onFatal }: ServerParts, { data, store, certificates, telling }: GateParts): GateThreadOptions {
  const { host, port } = config.webhookListen
  return {
    data: {
      storeFile: data.storeFile,
      spoolFolder: data.spoolFolder,
      host,
      port,
      tls: certificates.webhook(),
      settings: config.gate,
      pin: config.pin,
    },
    acceptDecisions: (writer, records) =>
      store.acceptDecisions(
        writer,
        records.map((record) => ({ writer, ...record })),
      ),
    log: (level, message, fields) => log[level](message, { part: 'gate', ...fields }),
    onBreakGlass: telling.tell,
    onDeath: onFatal,
  }
}

function welcomeOf({ config, version }: ServerParts, data: DataFolder, urls: Pick<Welcome, 'apiUrl' | 'webhookUrl'>): Welcome {
  const { adminTokenFile, folder: dataFolder } = data
  return { version, ...urls, adminTokenFile, dataFolder, clientSettings: clientSettings(config, data, urls.apiUrl) }
}

function writeReadyFile(path: string, welcome: Welcome, { caFile, adminTokenFile }: DataFolder): void {
  const { apiUrl, webhookUrl } = welcome
  writeFileDurably(path, `${JSON.stringify({ apiUrl, webhookUrl, caFile, adminTokenFile })}\n`, 0o600)
}
