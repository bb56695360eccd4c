import { StatusError } from '@countersign/core/status.ts'
import { findKritisError, listKritisViolations } from '@countersign/core/vulnerability/kritis-text.ts'
import type { KritisSigningPolicy } from '@countersign/core/vulnerability/signing-policy.ts'
import type { VulnerabilityVerdict } from '@countersign/core/vulnerability/verdict.ts'
import type { Attested } from '@countersign/service/signing/attest.ts'
import { type CheckResult, signImage, type SigningResult } from '@countersign/service/signing/sign-image.ts'
import type { Waiting } from '@countersign/service/signing/wait-for-scan.ts'
import type { Api } from '../../connection/api.ts'
import { EXIT, type ExitCode, type Terminal } from '../../terminal.ts'
import { SignerFault } from './fault.ts'
import type { KritisLog } from './kritis-log.ts'
import { partsOf } from './parts.ts'
import type { SignerOrder } from './read-order.ts'
import { makeScans } from './stored-scans.ts'

interface Surroundings {
  readonly terminal: Terminal
  readonly log: KritisLog
  readonly api: Api
}

/** How a run ended: the exit code, and whatever can be shown. */
export interface KritisRun {
  readonly exit: ExitCode
  readonly result: SigningResult
}

/**
 * Runs an order with kritis signer's log lines and exit codes: 0, 1 for violations, 255 (a SignerFault) for whatever is fatal
 * (kritis-and-grafeas.md §1.2). As in the original the note is looked at when it is time to sign, and whatever carries a signature is
 * enough. Kept better: with -overwrite nothing is deleted before its successor holds.
 */
export async function runAsKritis(order: SignerOrder, surroundings: Surroundings): Promise<KritisRun> {
  const { log } = surroundings
  log('INFO', `Signer mode: ${order.mode}.`)
  const check = await checkAsKritis(order, surroundings)
  const checked = { ...(check === undefined ? {} : { check }), attestations: [] }
  if (check !== undefined && check.verdict.outcome !== 'CONFORMS') return { exit: tellViolations(order, check, log), result: checked }
  if (check !== undefined) log('INFO', `Image "${order.image.text}" passes VulnzSigningPolicy ${check.policy.name}.`)
  const attestation = await signAsKritis(order, surroundings)
  return { exit: EXIT.YES, result: { ...checked, attestations: attestation === undefined ? [] : [attestation] } }
}

async function checkAsKritis({ image, ...order }: SignerOrder, { terminal, log, api }: Surroundings): Promise<CheckResult | undefined> {
  const policy = order.check?.policy
  if (policy?.semantics !== 'KRITIS') return undefined
  log('INFO', `Policy req: {${policy.maximumFixableSeverity} ${policy.maximumUnfixableSeverity} [${policy.allowlistCVEs.join(' ')}]}`)
  // The original waits for a scan of the tag, which no scanner writes; its violation is known at once.
  if (image.digest === undefined) return { policy, state: 'NOT_SCANNED', timedOut: false, verdict: UNQUALIFIED }
  const onWait = ({ waitMs }: Waiting): void =>
    log('INFO', `waiting ${Math.round(waitMs / 1000)} seconds for container analysis of ${image.text} to complete`)
  const scans = makeScans(api, { image, ...order })
  const check = {
    policy,
    timeoutMs: order.check?.timeoutMs ?? 0,
    onWait,
    scans: { ...scans, listFindings: () => fatal(scans.listFindings(), 'Found err ') },
  }
  const startedAt = terminal.now()
  const run = signImage(terminal, { image: image.text, check })
  const result = (await fatal(run, 'Error waiting for vulnerability analysis ')).check
  if (result?.timedOut === true) throw end('Error waiting for vulnerability analysis timeout while retrieving discovery occurrence')
  log('INFO', `Found vulnerabilities after ${(terminal.now() - startedAt) / 1000}s`)
  return result
}

const UNQUALIFIED: VulnerabilityVerdict = { outcome: 'UNDECIDED', reasons: [{ code: 'NOT_A_DIGEST' }], findings: [] }

function tellViolations({ image, check }: SignerOrder, { verdict }: CheckResult, log: KritisLog): ExitCode {
  const policy = check?.policy as KritisSigningPolicy
  const violations = listKritisViolations(verdict, policy, image.text)
  if (violations.length === 0 && verdict.outcome === 'UNDECIDED') throw undecided(verdict, policy, image.text)
  log('ERROR', `Image "${image.text}" does not pass VulnzSigningPolicy "${policy.name}":`)
  log('ERROR', `Found ${violations.length} violations in image ${image.text}:`)
  for (const { text } of violations) log('ERROR', text)
  return EXIT.NO
}

function undecided({ reasons }: Extract<VulnerabilityVerdict, { outcome: 'UNDECIDED' }>, policy: KritisSigningPolicy, image: string): SignerFault {
  const [cause] = reasons
  const isOfScan = cause.code === 'SCAN_FAILED' || cause.code === 'SCAN_UNSUPPORTED'
  if (isOfScan) return end(`Error waiting for vulnerability analysis ${findKritisError(cause) ?? ''}`)
  if (cause.code === 'FIX_WITHOUT_VERSION') return new SignerFault(CRASH, { exit: 2, text: CRASH })
  return end(`Error when evaluating image "${image}" against policy "${policy.name}"`)
}

/** A fix without a version is a nil dereference there (§1.5). */
const CRASH = 'panic: runtime error: invalid memory address or nil pointer dereference'

async function signAsKritis(order: SignerOrder, { terminal, log, api }: Surroundings): Promise<Attested | undefined> {
  const { image } = order
  if (order.sign === undefined) return undefined
  if (image.digest === undefined) {
    throw end("Signing image failed: creatiing attestation failed: a digest must contain exactly one '@' separator (e.g. registry/repository@digest)")
  }
  const named = `Using ${order.sign.projectFrom === 'IMAGE' ? 'image project as' : 'specified'} attestation project: ${order.sign.project}`
  log('INFO', `Using ${order.sign.key.calledByKritis} for signing.`)
  log('INFO', named)
  const { sign = [] } = partsOf(order, { api })
  const [attestation] = (await fatal(signImage(terminal, { image: image.text, sign }), 'Signing image failed: ')).attestations
  if (attestation !== undefined) tellAttested(image.text, attestation, log)
  return attestation
}

function tellAttested(image: string, { outcome, replaced }: Attested, log: KritisLog): void {
  if (outcome === 'EXISTED') {
    log('WARNING', `Attestation for image "${image}" already existed and signer is configured not to overwrite.`)
    return
  }
  const earlier =
    replaced.length === 0
      ? `No existing attestation was found for image "${image}".`
      : `Deleting existing attestation for image "${image}" because signer.config.overwrite=True.`
  log('INFO', earlier)
  log('INFO', `Creating attestation for image "${image}".`)
  log('INFO', `Attestation for image "${image}" is successfully created locally.`)
  log('INFO', `Uploading attestation for image "${image}".`)
  log('INFO', `Attestation for image "${image}" is successfully uploaded.`)
}

async function fatal<T>(work: Promise<T>, prefix: string): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (error instanceof StatusError) throw end(`${prefix}${error.message}`)
    throw error
  }
}

function end(text: string): SignerFault {
  return new SignerFault(text, { exit: 255, text })
}
