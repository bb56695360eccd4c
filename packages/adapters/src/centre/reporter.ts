import { ReportGateResponseSchema } from '@countersign/api/gen/countersign/v1/gates_pb.ts'
import type { CentreClient } from './client.ts'
import { readMessage } from './read-answers.ts'
import { type CentrePlace, pathOf } from './world-source.ts'

const LOOK_MS = 500
const REPORT_MS = 5_000

/** How the gate stands, in its own words. */
export interface ToldStatus {
  readonly displayName: string
  readonly version: string
  readonly writer: string
  readonly position: number
  readonly policyEtag: string
  readonly staleForMs: number
  readonly unshipped: number
  readonly counters: Readonly<Record<string, number>>
}

export interface ReporterOptions {
  readonly client: CentreClient
  readonly place: CentrePlace
  readonly describe: () => ToldStatus
}

/** Tells the centre how the gate stands. */
export interface CentreReporter {
  /** Reports at once where something changed that people wait for: the position, the policy, or that the spool is shipped. */
  readonly look: () => void
  /** Reports a last time, and no more. */
  close(): Promise<void>
}

/** Reports what changed within half a second, and all else every five. A centre that is away hears the next one. */
export function openCentreReporter({ client, place, describe }: ReporterOptions): CentreReporter {
  const path = `${pathOf(place)}:reportGate`
  let told = ''
  let quietMs = REPORT_MS
  let running: Promise<void> | undefined
  const report = async (): Promise<void> => {
    const status = describe()
    const { position, unshipped, ...rest } = status
    told = waitedFor(status)
    quietMs = 0
    try {
      readMessage(ReportGateResponseSchema, await client.call(path, { ...rest, feedPosition: position, unshippedRecords: unshipped }))
    } catch {
      told = ''
    }
  }
  const start = (): Promise<void> => {
    running ??= report().finally(() => {
      running = undefined
    })
    return running
  }
  const look = (): void => {
    if (quietMs >= REPORT_MS || waitedFor(describe()) !== told) void start()
  }
  const timer = setInterval(() => {
    quietMs += LOOK_MS
    if (quietMs >= REPORT_MS || (told !== '' && waitedFor(describe()) !== told)) void start()
  }, LOOK_MS).unref()
  return {
    look,
    close: async () => {
      clearInterval(timer)
      await running
      await start()
    },
  }
}

function waitedFor({ position, policyEtag, unshipped }: ToldStatus): string {
  return `${position} ${policyEtag} ${unshipped === 0}`
}
