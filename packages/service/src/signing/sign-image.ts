import type { ManifestReport } from '@countersign/core/vulnerability/report.ts'
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
  readonly sign?: SignPart
}

export interface CheckPart extends WaitOptions {
  readonly scans: Scans
}

export interface SignPart extends AttestOptions {
  readonly attestations: Attestations
}

/** What came of it. The image is attested only where a verdict that was asked for conforms. */
export interface SigningResult {
  readonly check?: CheckResult
  readonly attestation?: Attested
}

export interface CheckResult {
  readonly policy: SigningPolicy
  readonly state: ManifestReport['state']
  /** Time was up before a scan that the policy believes had ended. */
  readonly timedOut: boolean
  readonly verdict: VulnerabilityVerdict
}

/**
 * Waits for the scan, checks, signs: kritis signer's three modes by the parts that the request has (kritis-and-grafeas.md §1.3). What can
 * be known to fail is found before the waiting: a note that no attestation can hang on, a store that does not answer. Every other input
 * has been parsed by whoever made the request.
 */
export async function signImage(clock: Clock, { image, check, sign }: SigningRequest): Promise<SigningResult> {
  await sign?.attestations.findNote()
  const checked = check === undefined ? undefined : await checkImage(clock, image, check)
  const told = checked === undefined ? {} : { check: checked }
  if (sign === undefined || (checked !== undefined && checked.verdict.outcome !== 'CONFORMS')) return told
  return { ...told, attestation: await attestImage(sign.attestations, sign) }
}

async function checkImage(clock: Clock, image: string, { scans, ...options }: CheckPart): Promise<CheckResult> {
  const { report, timedOut } = await waitForScan({ scans, clock }, options)
  const verdict = checkVulnerabilities(report, options.policy, { image, now: clock.now() })
  return { policy: options.policy, state: report.state, timedOut, verdict }
}
