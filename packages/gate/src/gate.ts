import type { CompiledPolicy } from '@countersign/core/policy/compile.ts'
import type { BreakGlassUse } from './break-glass/use.ts'
import { answerStatus, refuse } from './answer.ts'
import { type Door, type ListenOptions, openDoor } from './door/listener.ts'
import { type GateCounters, newCounters } from './door/metrics.ts'
import { Facts } from './facts/facts.ts'
import type { GateRequest, GateResponse } from './door/exchange.ts'
import { createHandler } from './handler.ts'
import type { RecordSink, WorldSource } from './ports.ts'
import { spoolRecorder } from './record/recorder.ts'
import type { ResolveTag } from './pinning/pin.ts'
import { findIdentity } from './review/identity.ts'
import { DEFAULT_GATE_SETTINGS, type GateSettings } from './settings.ts'
import { Shipper } from './spool/shipper.ts'
import { Spool } from './spool/spool.ts'
import type { GateLog, Surroundings } from './surroundings.ts'
import { Follower } from './world/follower.ts'

export interface GateOptions {
  readonly source: WorldSource
  readonly sink: RecordSink
  /** A folder of this gate's own, on a local disk. */
  readonly spoolFolder: string
  /** What differs from DEFAULT_GATE_SETTINGS. */
  readonly settings?: Partial<GateSettings>
  readonly surroundings: Surroundings
  readonly log: GateLog
  /** Told of each use of break-glass, at once; must not throw and must not wait. */
  readonly onBreakGlass?: (use: BreakGlassUse) => void
  /** Asks registries what tags mean, for clusters that want their Pods pinned; absent: nothing is pinned. */
  readonly resolveTag?: ResolveTag
  /** The system policy, compiled; absent: no project's policy can refer to one. */
  readonly systemPolicy?: CompiledPolicy
}

/** What an operator sees of a gate. */
export interface GateStatus {
  readonly ready: boolean
  readonly counters: GateCounters
  /** Feed position up to which everything is applied, and how long ago the feed was last read to its end; before the first time, since the start. */
  readonly position: number
  readonly ageMs: number
  /** The policies that it enforces. */
  readonly policies: readonly { readonly project: string; readonly etag: string }[]
  readonly facts: { readonly bytes: number; readonly lookups: number; readonly checks: number; readonly hits: number }
  readonly spool: { readonly writer: string; readonly sequence: number; readonly shipped: number; readonly bytes: number; readonly tornBytes: number }
}

/** The sentry: answers admission requests from memory, and follows the store. */
export interface Gate {
  /** Answers one request; the same as a request through the door. Never rejects. */
  handle(request: GateRequest): Promise<GateResponse>
  /** Opens the HTTPS door. Rejects where the address cannot be had. */
  listen(options: ListenOptions): Promise<Door>
  /** Reads the change feed now; resolves when `position` is applied: from then on every decision knows of that change. */
  wake(position?: number): Promise<void>
  /** Resolves when the store has every decision that is durable now. */
  shipped(): Promise<void>
  status(): GateStatus
  /** Unready from now on; goes on serving, and tells connections to go with their next answer. */
  drain(): void
  /** Drains, lets answers finish for at most `graceMs`, closes the doors and the spool, and ships what that wrote while the store takes it, as long again. */
  close(graceMs?: number): Promise<void>
}

const GRACE_MS = 5_000

/** Makes a gate: recovers the spool, reads the world once (a source that is away is asked again later), begins to follow. */
export async function createGate(options: GateOptions): Promise<Gate> {
  const settings = { ...DEFAULT_GATE_SETTINGS, ...options.settings }
  const { source, surroundings, log } = options
  const counters = newCounters()
  const spool = openSpool(options, settings)
  const shipper = new Shipper(spool, options.sink, log)
  spool.onDurable = (records) => shipper.offer(records)
  const facts = new Facts(source, settings.maxFactBytes)
  const follower = new Follower({
    source,
    surroundings,
    log,
    pollIntervalMs: settings.pollIntervalMs,
    onChange: (notice) => facts.apply(notice),
    onReload: (position) => facts.forgetBefore(position),
  })
  const doors: Door[] = []
  const state = { draining: false }
  const isReady = () => follower.loaded && !state.draining
  const { webhookName, imageReviewMustShow } = settings
  const recorder = spoolRecorder({ spool, surroundings, log, webhookName })
  const systemPolicy = options.systemPolicy === undefined ? {} : { systemPolicy: options.systemPolicy }
  const pinning = options.resolveTag === undefined ? {} : { resolveTag: options.resolveTag }
  const bell = options.onBreakGlass === undefined ? {} : { onBreakGlass: options.onBreakGlass }
  const handle = createHandler({
    facts,
    recorder,
    follower,
    settings,
    surroundings,
    counters,
    log,
    isReady,
    imageReviewMustShow,
    ...pinning,
    ...systemPolicy,
    ...bell,
  })
  await follower.start()
  shipper.start()
  const gate: Gate = {
    handle,
    listen: async (listen) => {
      const door = await openDoor(listen, { settings, counters, handle, refuseTooLarge: (head) => tooLarge(head, settings), overloaded })
      doors.push(door)
      return door
    },
    wake: (position) => follower.wake(position),
    shipped: () => shipper.drain(),
    status: () => ({
      ready: isReady(),
      counters,
      position: follower.world.position,
      ageMs: follower.ageMs,
      policies: [...follower.world.projects.values()].map(({ world }) => ({ project: world.project, etag: world.policyEtag })),
      facts: { bytes: facts.bytes, ...facts.counts },
      spool: { writer: spool.writer, sequence: spool.sequence, shipped: shipper.shipped, bytes: spool.bytes, tornBytes: spool.recovery.tornBytes },
    }),
    drain: () => {
      state.draining = true
      for (const door of doors) door.drain()
    },
    close: async (graceMs = GRACE_MS) => {
      gate.drain()
      await Promise.all(doors.map((door) => door.close(graceMs)))
      follower.stop()
      recorder.close()
      await spool.close()
      await shipper.finish(graceMs)
    },
  }
  return gate
}

function openSpool(options: GateOptions, settings: GateSettings): Spool {
  const newWriter = () => `gate-${options.surroundings.uuid()}`
  const spool = new Spool({ folder: options.spoolFolder, newWriter, maxBytes: settings.maxSpoolBytes, segmentBytes: settings.spoolSegmentBytes })
  const { writer, segments, head, tornBytes, damaged } = spool.recovery
  if (damaged)
    options.log.alarm('The spool is damaged: decisions that were answered may be missing in the log; what could not be read is set aside as .torn', {
      writer,
      sequence: head.sequence,
      tornBytes,
    })
  else if (tornBytes > 0)
    options.log.alarm('The spool had a torn tail, which nobody was answered by: it is set aside', { writer, sequence: head.sequence, tornBytes })
  else if (segments.length > 0)
    options.log.info('The spool is open: decisions of before are still to be shipped', { writer, sequence: head.sequence, segments: segments.length })
  return spool
}

function tooLarge(head: Uint8Array, settings: GateSettings): GateResponse {
  return refuse(findIdentity(head), 413, `Countersign refuses the review: it is larger than ${settings.maxBodyBytes} bytes`)
}

function overloaded(): GateResponse {
  const status = answerStatus(
    503,
    'ServiceUnavailable',
    'Countersign could not decide (OVERLOADED): too many bytes are being judged at once; try again',
  )
  return { ...status, headers: { 'retry-after': '1' } }
}
