import { hostname } from 'node:os'
import { join } from 'node:path'
import { type CentreClient, makeCentreClient } from '@countersign/adapters/centre/client.ts'
import { listenToCentre } from '@countersign/adapters/centre/change-listener.ts'
import { openCentreSink } from '@countersign/adapters/centre/record-sink.ts'
import { openCentreReporter } from '@countersign/adapters/centre/reporter.ts'
import { openCentreSource } from '@countersign/adapters/centre/world-source.ts'
import { type Lock, lockSpool } from '@countersign/adapters/store/lock.ts'
import type { ShownCertificate } from '@countersign/adapters/certificates/certificate-files.ts'
import { keepRenewed } from '@countersign/adapters/certificates/renewal.ts'
import { readNamedFile } from '@countersign/adapters/named-file.ts'
import { compilePolicy } from '@countersign/core/policy/compile.ts'
import { SYSTEM_POLICY } from '@countersign/core/policy/system-policy.ts'
import { type StatusCode, StatusError } from '@countersign/core/status.ts'
import type { Door } from '@countersign/gate/door/listener.ts'
import { createGate, type Gate } from '@countersign/gate/gate.ts'
import type { WorldSource } from '@countersign/gate/ports.ts'
import { cannotListen, formatAuthority } from '../config/address.ts'
import type { GateConfig } from '../config/gate-config.ts'
import type { BreakGlassTelling } from './break-glass-hook.ts'
import { openBreakGlassTelling } from './break-glass-telling.ts'
import { openCertificates } from './certificates.ts'
import { type DataFolder, openDataFolder, writeFileDurably } from './data-folder.ts'
import { certificateSource, namesOfMachine, shownAtWebhook } from './door-certificates.ts'
import type { WebhookTls } from './gate-protocol.ts'
import { statusOf } from './gate-status.ts'
import type { ServerLog } from './log.ts'
import { openMetrics } from './metrics.ts'
import { openInOrder, type Undo } from './open-in-order.ts'
import { openTagResolver } from './tag-resolver.ts'
import { systemSurroundings } from './surroundings.ts'

/** The stream wakes the gate; this is for when the stream is cut and nobody has noticed. */
const POLL_MS = 2_000
const READY_CHECK_MS = 100

/** A gate that stands alone, running. */
export interface RunningGate {
  /** `https://127.0.0.1:8443`: a cluster's secret segment goes behind it. */
  readonly webhookUrl: string
  /** Unready at once; lets answers finish, ships what it can. What is not shipped stays in the spool for the next start. */
  close(graceMs: number): Promise<void>
}

export interface GateProcessParts {
  readonly config: GateConfig
  readonly version: string
  readonly log: ServerLog
}

/**
 * Opens everything in order: data folder, certificate, the centre, the gate, its door. A centre that is away is waited for, with the door open and unready;
 * one that refuses the token, or does not know the cluster, is a fault to be told at once. Rejects with what could not be opened.
 */
export async function startGateProcess(parts: GateProcessParts): Promise<RunningGate> {
  return await openInOrder((undo) => open(parts, undo))
}

async function open({ config, version, log }: GateProcessParts, undo: Undo): Promise<RunningGate> {
  const data = openDataFolder(config.dataFolder)
  const surroundings = systemSurroundings()
  const hosts = namesOfMachine([config.webhookListen.host], config.hostnames)
  const certificate = certificateSource(config.tls, () => openCertificates(data, { hosts, now: surroundings.now() }))
  const shown = await certificate.open()
  const telling = await openBreakGlassTelling(config, { log, uuid: surroundings.uuid })
  undo(telling.close)
  const client = connect(config)
  undo(client.close)
  const lock = lockSpool(join(data.folder, 'gate'))
  undo(() => lock.release())
  const source = openCentreSource(client, config)
  await requireWelcome(source)
  const gate = await createGate({
    source,
    sink: openCentreSink(client, config),
    spoolFolder: join(data.spoolFolder, `${config.project}.${config.cluster}`),
    settings: { ...config.gate, pollIntervalMs: POLL_MS },
    surroundings,
    systemPolicy: compilePolicy(SYSTEM_POLICY, 'system'),
    resolveTag: openTagResolver({ config: config.pin, env: process.env, now: surroundings.now }),
    onBreakGlass: telling.tell,
    log: {
      info: (message, fields = {}) => log.info(message, { part: 'gate', ...fields }),
      alarm: (message, fields = {}) => log.error(message, { part: 'gate', ...fields }),
    },
  })
  undo(() => gate.close(0))
  const door = await listen(gate, config, shownAtWebhook(config, shown))
  const metrics = await openMetrics(config.metricsListen, async () => statusOf(gate))
  return follow({ config, version, log, data, client, gate, door, metrics, lock, telling, certificate, shown })
}

interface Opened extends GateProcessParts {
  readonly data: DataFolder
  readonly client: CentreClient
  readonly gate: Gate
  readonly door: Door
  readonly metrics: { close(): Promise<void> }
  readonly lock: Lock
  readonly telling: BreakGlassTelling
  readonly certificate: ReturnType<typeof certificateSource>
  readonly shown: ShownCertificate
}

function follow({ config, version, log, data, client, gate, door, metrics, lock, telling, certificate, shown }: Opened): RunningGate {
  const describe = () => ({ displayName: config.name ?? hostname(), version, ...statusOf(gate), policyEtag: policyEtagOf(gate) })
  const reporter = openCentreReporter({ client, place: config, describe })
  const wake = (): void => void gate.wake().then(reporter.look, () => undefined)
  const gateLog = { info: log.info, alarm: log.error }
  const listener = listenToCentre({ client, place: config, onChange: wake, random: Math.random, log: gateLog })
  const renewal = keepRenewed(shown, {
    ...certificate,
    onRenewed: (renewed) => door.replaceCertificate(shownAtWebhook(config, renewed)),
    log,
  })
  const webhookUrl = `https://${formatAuthority(config.webhookListen.host, door.port)}`
  const ready = announceReady(gate, () => {
    log.info('The gate is ready', { position: gate.status().position, webhookUrl })
    if (config.readyFile !== undefined) writeFileDurably(config.readyFile, `${JSON.stringify({ webhookUrl, caFile: data.caFile })}\n`, 0o600)
  })
  return {
    webhookUrl,
    close: async (graceMs) => {
      log.info('Draining', { graceMs })
      clearInterval(ready)
      renewal.stop()
      listener.close()
      gate.drain()
      await door.close(graceMs)
      await Promise.race([gate.shipped(), new Promise((resolve) => setTimeout(resolve, graceMs).unref())])
      await reporter.close()
      await gate.close(graceMs)
      await metrics.close()
      await telling.close()
      client.close()
      lock.release()
    },
  }
}

function announceReady(gate: Gate, announce: () => void): NodeJS.Timeout {
  const timer = setInterval(() => {
    if (!gate.status().ready) return
    clearInterval(timer)
    announce()
  }, READY_CHECK_MS)
  return timer
}

function policyEtagOf(gate: Gate): string {
  return gate.status().policies[0]?.etag ?? ''
}

/** Codes of a centre that is not there, or not itself: it is waited for. What else it refuses with would be refused again. */
const AWAY: readonly StatusCode[] = ['UNAVAILABLE', 'INTERNAL', 'RESOURCE_EXHAUSTED', 'DEADLINE_EXCEEDED']

async function requireWelcome(source: WorldSource): Promise<void> {
  try {
    await source.loadWorld()
  } catch (error) {
    if (!(error instanceof StatusError) || !AWAY.includes(error.code)) throw error
  }
}

async function listen(gate: Gate, { webhookListen }: GateConfig, tls: WebhookTls): Promise<Door> {
  try {
    return await gate.listen({ ...webhookListen, tls })
  } catch (cause) {
    throw new StatusError('UNAVAILABLE', cannotListen('--webhook-listen', webhookListen, cause as NodeJS.ErrnoException), { cause })
  }
}

function connect({ upstream, tokenFile, caFile }: GateConfig): CentreClient {
  const token = (): string => {
    const text = readNamedFile(tokenFile, 'token file').trim()
    if (/^[\x21-\x7e]{1,4096}$/.test(text)) return text
    throw new StatusError('FAILED_PRECONDITION', `Token file "${tokenFile}" does not hold an API token: expected one word such as cs_…`)
  }
  return makeCentreClient({ url: upstream, token, ...(caFile === undefined ? {} : { ca: () => readNamedFile(caFile, 'PEM file') }) })
}
