import type { Instant } from '@countersign/core/instant.ts'
import { StatusError } from '@countersign/core/status.ts'
import { concludeReport } from '@countersign/core/vulnerability/discovery.ts'
import type { ManifestReport } from '@countersign/core/vulnerability/report.ts'
import type { SigningPolicy } from '@countersign/core/vulnerability/signing-policy.ts'
import type { Clock, News, Scans } from './ports.ts'

/** How long a scan is waited for, and who hears of it. */
export interface WaitOptions {
  readonly policy: SigningPolicy
  /** Bounds the waiting only: an image that is scanned already needs no time. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal
  /** Called before each wait. */
  readonly onWait?: (waiting: Waiting) => void
}

export interface Waiting {
  /** What the store says now; absent where it did not answer. */
  readonly state?: ManifestReport['state']
  readonly waitMs: number
  readonly leftMs: number
}

/** How the waiting ended: with a report that says something, or with the last word when time was up. */
export interface ScanReport {
  readonly report: ManifestReport
  readonly timedOut: boolean
}

const FIRST_WAIT_MS = 1_000
const MAX_WAIT_MS = 30_000
/** States that more time may change. FAILED, UNSUPPORTED and STALE are told at once: a new scan is somebody's decision. */
const MAY_CHANGE: ReadonlySet<ManifestReport['state']> = new Set(['NOT_SCANNED', 'PENDING', 'UNTRUSTED'])
/** What a store says that is only busy or away. */
const PASSING: ReadonlySet<StatusError['code']> = new Set(['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'RESOURCE_EXHAUSTED'])

/**
 * Waits until a scan that the policy believes has ended, then reads what it found; the list of findings is read only after the scan
 * was seen to have ended, so it is whole.
 *
 * Waits double from one second to thirty, each shortened or lengthened by up to a quarter, so that many pipelines do not ask in step; the
 * last one ends at the deadline, so a scan that ends just before it is seen (kritis-and-grafeas.md §1.4, where waits grow for ever).
 * Where the store has a change feed, it is followed from before the second question: a wait then ends with the news, which is asked for at most once
 * a second. A feed that cannot be followed costs nothing but the news.
 * A store that does not answer the first question is an error at once: its address may be wrong. One that falls silent later
 * is asked again until time is up. Judged as kritis judges, every error ends the waiting, as in the original.
 */
export async function waitForScan({ scans, clock }: { readonly scans: Scans; readonly clock: Clock }, options: WaitOptions): Promise<ScanReport> {
  const { policy, timeoutMs, signal, onWait } = options
  const deadline = clock.now() + timeoutMs
  const sleep = makeSleep({ scans, clock }, options)
  for (let round = 0; ; round++) {
    signal?.throwIfAborted()
    const leftMs = deadline - clock.now()
    const report = await askOnce(scans, { policy, now: clock.now(), mayFail: round > 0 && policy.semantics === 'STRICT' && leftMs > 0 })
    if (report?.state === 'FINISHED') return { report: { ...report, findings: await scans.listFindings() }, timedOut: false }
    if (report !== undefined && !MAY_CHANGE.has(report.state)) return { report, timedOut: false }
    if (report !== undefined && leftMs <= 0) return { report, timedOut: true }
    const waitMs = Math.min(leftMs, waitOf(round, clock.random()))
    onWait?.({ ...(report === undefined ? {} : { state: report.state }), waitMs, leftMs })
    await sleep(waitMs)
  }
}

/** What is known without the findings, or undefined where the store is only busy or away and that may be. */
async function askOnce(
  scans: Scans,
  { policy, now, mayFail }: { readonly policy: SigningPolicy; readonly now: Instant; readonly mayFail: boolean },
): Promise<ManifestReport | undefined> {
  try {
    return concludeReport({ discoveries: await scans.listDiscoveries(), findings: [] }, policy, now)
  } catch (error) {
    if (mayFail && error instanceof StatusError && PASSING.has(error.code)) return undefined
    throw error
  }
}

/** Sleeps, and less long where there is news; judged as kritis judges there is none. */
function makeSleep(
  { scans, clock }: { readonly scans: Scans; readonly clock: Clock },
  { policy, signal }: WaitOptions,
): (ms: number) => Promise<void> {
  const listen = policy.semantics === 'STRICT' ? makeListen(scans) : async () => false
  return async (ms) => {
    const startedAt = clock.now()
    const longest = (await listen(ms)) ? Math.min(ms, FIRST_WAIT_MS) : ms
    const leftMs = longest - (clock.now() - startedAt)
    signal?.throwIfAborted()
    if (leftMs > 0) await clock.sleep(leftMs, signal)
  }
}

/** Resolves at once, or when there is news, to whether the feed is followed. One that failed is not tried again. */
function makeListen(scans: Scans): (ms: number) => Promise<boolean> {
  let news: News | undefined
  let isUsable = scans.follow !== undefined
  return async (ms) => {
    if (!isUsable) return false
    try {
      if (news === undefined) news = await scans.follow?.()
      else await news.next(ms)
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
      isUsable = false
    }
    return isUsable
  }
}

function waitOf(round: number, random: number): number {
  return Math.round(Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(round, 16)) * (0.75 + random / 2))
}
