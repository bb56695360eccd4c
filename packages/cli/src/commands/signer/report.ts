import { formatDuration } from '@countersign/core/duration.ts'
import { explainFinding, explainUndecided, explainVerdict } from '@countersign/core/vulnerability/explain.ts'
import type { FindingRecord } from '@countersign/core/vulnerability/verdict.ts'
import type { CheckResult, SigningResult } from '@countersign/service/signing/sign-image.ts'
import type { Context } from '../../context.ts'
import { formatJson } from '../../output/format.ts'
import { EXIT, type ExitCode, printable } from '../../terminal.ts'
import type { SignerOrder } from './read-order.ts'
import { formatSarif } from './sarif.ts'

/** What came of an order, in one word. */
export type SignerOutcome = 'SIGNED' | 'ALREADY_SIGNED' | 'CONFORMS' | 'VIOLATES' | 'UNDECIDED'

/** 0 conforms or signed · 1 violations · 3 could not decide. */
export function exitCodeOf(outcome: SignerOutcome): ExitCode {
  if (outcome === 'VIOLATES') return EXIT.NO
  return outcome === 'UNDECIDED' ? EXIT.UNDECIDED : EXIT.YES
}

/** What came of it, in one word. */
export function outcomeOf({ check, attestations }: SigningResult): SignerOutcome {
  if (attestations.length > 0) return attestations.some(({ outcome }) => outcome === 'CREATED') ? 'SIGNED' : 'ALREADY_SIGNED'
  return check?.verdict.outcome ?? 'UNDECIDED'
}

/** Fails for a format that is not known, so that nobody waits for a result that cannot be shown. */
export function requireFormat(context: Context): void {
  if (context.askedFormat !== 'sarif') context.format('table')
}

/** Shows the result: sentences for people by default, SARIF for code scanning, else everything that is known. */
export async function showResult(context: Context, order: SignerOrder, result: SigningResult): Promise<void> {
  if (context.askedFormat === 'sarif') return context.terminal.write(formatJson(formatSarif(order, result), 2))
  if (context.format('table').kind !== 'table') return await context.showOne(treeOf(order, result))
  context.terminal.write(printable(`${linesOf(order, result).join('\n')}\n`))
}

function treeOf({ mode, image, sign }: SignerOrder, result: SigningResult): unknown {
  const { check, attestations } = result
  return {
    image: image.text,
    mode,
    outcome: outcomeOf(result),
    ...(check === undefined ? {} : { check: checkTree(check) }),
    attestations: attestations.map((attested) => ({ ...attested, note: sign?.note })),
  }
}

function checkTree({ policy, state, timedOut, verdict }: CheckResult): unknown {
  const causes = verdict.outcome === 'UNDECIDED' ? verdict.reasons : verdict.outcome === 'VIOLATES' ? verdict.undecided : []
  return {
    policy: policy.name,
    scan: { state, timedOut },
    outcome: verdict.outcome,
    explanation: explainVerdict(verdict),
    undecided: causes.map((cause) => ({ ...cause, explanation: explainUndecided(cause) })),
    findings: verdict.findings.map(findingTree),
  }
}

/** The id and the rule that decided stand first; everything else that is known of the finding follows. */
function findingTree(record: FindingRecord): unknown {
  const { finding, outcome, decidedBy, ...rest } = record
  return { id: finding.id, outcome, decidedBy, explanation: explainFinding(record), ...rest, finding }
}

function linesOf(order: SignerOrder, { check, attestations }: SigningResult): readonly string[] {
  const violations = check?.verdict.outcome === 'VIOLATES' ? check.verdict.violations : []
  return [
    order.image.text,
    ...(check === undefined ? [] : [`  ${explainVerdict(check.verdict)}${explainTimeout(order, check)}`]),
    ...violations.map((record) => `    ${explainFinding(record)}`),
    ...explainSigning(order, attestations).map((line) => `  ${line}`),
  ]
}

function explainTimeout({ check }: SignerOrder, { timedOut }: CheckResult): string {
  if (!timedOut) return ''
  return `; time was up after ${formatDuration(check?.timeoutMs ?? 0)}, more is given with --vulnz-timeout`
}

function explainSigning({ mode, image }: SignerOrder, attestations: SigningResult['attestations']): readonly string[] {
  if (attestations.length === 0) return [mode === 'check-only' ? 'not signed: only checked' : 'not signed']
  return attestations.map(({ digest, outcome, occurrence, publicKeyId, replaced }) => {
    const what = digest === image.digest ? '' : ` ${digest}`
    const instead = replaced.length === 0 ? '' : `, in place of ${replaced.join(', ')}`
    return `${outcome === 'CREATED' ? 'signed' : 'already signed'}${what} with key ${publicKeyId}: ${occurrence}${instead}`
  })
}
