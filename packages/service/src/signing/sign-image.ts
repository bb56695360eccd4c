import type { Platform } from '@countersign/core/vulnerability/platform.ts'
import { selectPlatforms } from '@countersign/core/vulnerability/platform.ts'
import type { IndexReport, ManifestReport, PlatformReport, VulnerabilityReport } from '@countersign/core/vulnerability/report.ts'
import type { SigningPolicy } from '@countersign/core/vulnerability/signing-policy.ts'
import type { VulnerabilityVerdict } from '@countersign/core/vulnerability/verdict.ts'
import { checkVulnerabilities } from '@countersign/core/vulnerability/check.ts'
import type { Attested, AttestOptions } from './attest.ts'
import { attestImage } from './attest.ts'
import type { Attestations, Clock, Scans } from './ports.ts'
import type { WaitOptions } from './wait-for-scan.ts'
import { waitForScan } from './wait-for-scan.ts'

/** What is to be done with one image: at least one of the two parts. */
export interface SigningRequest {
  /** As it was written. */
  readonly image: string
  readonly check?: CheckPart
  /** In this order. Of an index: its platforms, then the index, so that an attested index has attested platforms. */
  readonly sign?: readonly SignPart[]
}

/** One manifest's scans, or those of each manifest of an index. */
export type CheckPart = WaitOptions & ({ readonly scans: Scans } | { readonly platforms: readonly PlatformScans[] })

export interface PlatformScans {
  readonly platform: Platform
  readonly digest: string
  readonly scans: Scans
}

export interface SignPart extends AttestOptions {
  readonly attestations: Attestations
}

/** What came of it. Something is attested only where a verdict that was asked for conforms. */
export interface SigningResult {
  readonly check?: CheckResult
  /** As the parts that asked for them; empty where nothing was to be signed, or may be. */
  readonly attestations: readonly Attested[]
}

export interface CheckResult {
  readonly policy: SigningPolicy
  readonly state: VulnerabilityReport['state']
  /** Time was up before a scan that the policy believes had ended. */
  readonly timedOut: boolean
  readonly verdict: VulnerabilityVerdict
}

/**
 * Waits for the scan, checks, signs: kritis signer's three modes by the parts that the request has (kritis-and-grafeas.md §1.3). What can
 * be known to fail is found before the waiting: a note that no attestation can hang on, a store that does not answer. Every other input
 * has been parsed by whoever made the request.
 */
export async function signImage(clock: Clock, { image, check, sign = [] }: SigningRequest): Promise<SigningResult> {
  if (check !== undefined) await sign[0]?.attestations.findNote()
  const checked = check === undefined ? undefined : await checkImage(clock, image, check)
  if (checked !== undefined && checked.verdict.outcome !== 'CONFORMS') return { check: checked, attestations: [] }
  const attestations: Attested[] = []
  for (const part of sign) attestations.push(await attestImage(part.attestations, part))
  return { ...(checked === undefined ? {} : { check: checked }), attestations }
}

async function checkImage(clock: Clock, image: string, part: CheckPart): Promise<CheckResult> {
  const { policy } = part
  const { report, timedOut } =
    'scans' in part ? await waitForScan({ scans: part.scans, clock }, part) : await waitForIndex(clock, part.platforms, part)
  const verdict = checkVulnerabilities(report, policy, { image, now: clock.now() })
  return { policy, state: report.state, timedOut, verdict }
}

/** Each platform that counts is waited for, all of them within the one time; the law passes over the others. */
async function waitForIndex(
  clock: Clock,
  platforms: readonly PlatformScans[],
  options: WaitOptions,
): Promise<{ readonly report: IndexReport; readonly timedOut: boolean }> {
  const deadline = clock.now() + options.timeoutMs
  const declared = options.policy.semantics === 'STRICT' ? options.policy.platforms : undefined
  const counting = new Set(selectPlatforms(platforms, declared).counting)
  const reports: PlatformReport[] = []
  let timedOut = false
  for (const entry of platforms) {
    const timeoutMs = Math.max(0, deadline - clock.now())
    const waited = counting.has(entry) ? await waitForScan({ scans: entry.scans, clock }, { ...options, timeoutMs }) : PASSED_OVER
    reports.push({ platform: entry.platform, digest: entry.digest, report: waited.report })
    timedOut ||= waited.timedOut
  }
  return { report: { state: 'INDEX', platforms: reports }, timedOut }
}

const PASSED_OVER: { readonly report: ManifestReport; readonly timedOut: boolean } = { report: { state: 'NOT_SCANNED' }, timedOut: false }
