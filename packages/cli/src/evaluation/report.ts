import type { ImageVerdict } from '@countersign/core/admission/decision.ts'
import { formatDenial, formatRule } from '@countersign/core/admission/denial-text.ts'
import { explainAllow, explainDecision, explainDeny, explainUndecided } from '@countersign/core/admission/explain.ts'
import { formatVisible } from '@countersign/core/admission/visible-text.ts'
import type { Context } from '../context.ts'
import { type Column, formatBox } from '../output/table.ts'
import { EXIT, type ExitCode, printable } from '../terminal.ts'
import type { Judgement } from './judgement.ts'

/** Denied before undecided, as a cluster would answer a person: something to mend is named first. */
export function exitCodeOf(judgements: readonly Judgement[]): ExitCode {
  const outcomes = judgements.map(({ decision }) => decision.outcome)
  if (outcomes.includes('DENIED')) return EXIT.NO
  return outcomes.includes('UNDECIDED') ? EXIT.UNDECIDED : EXIT.YES
}

/** Shows the judgements: for people the verdicts, then why and what to do image by image, then the sum; else everything that is known. */
export async function showJudgements(context: Context, judgements: readonly Judgement[]): Promise<void> {
  if (context.format('table').kind !== 'table') return await context.showRows(judgements.map(treeOf), [])
  const judged = judgements.filter(({ decision }) => decision.images.length > 0)
  if (judged.length > 0) context.terminal.write(formatBox(judged, COLUMNS))
  for (const judgement of judged) context.terminal.write(printable(explain(judgement)))
  context.terminal.write(`${sumUp(judged)}\n`)
}

const COLUMNS: readonly Column[] = [
  { heading: 'WORKLOAD', value: (row) => titleOf(row as Judgement) },
  { heading: 'FROM', value: 'source' },
  { heading: 'VERDICT', value: (row) => WORDS[(row as Judgement).decision.outcome] },
  { heading: 'WHY', value: (row) => explainDecision((row as Judgement).decision).replace(/^[a-z -]+: /, '') },
]

const WORDS = { ALLOWED: 'allowed', DENIED: 'denied', UNDECIDED: 'undecided' } as const

function titleOf({ source, subject, decision }: Judgement): string {
  return source === '' ? `${decision.images.length} ${decision.images.length === 1 ? 'image' : 'images'}` : subject
}

function explain(judgement: Judgement): string {
  const { source } = judgement
  return `\n${titleOf(judgement)}${source === '' ? '' : ` (${source})`}\n${judgement.decision.images.map(explainImage).join('')}`
}

function explainImage(verdict: ImageVerdict): string {
  const { image, result, rule, fix } = verdict
  const by = result.outcome === 'DENIED' ? ` by the ${formatRule(rule)}` : ''
  const next = fix === undefined ? '' : `    ${fix.explanation}:\n      ${fix.command}\n`
  return `  ${formatVisible(image)}\n    ${WORDS[result.outcome]}${by}: ${whyOf(verdict)}\n${next}`
}

function whyOf({ result }: ImageVerdict): string {
  if (result.outcome === 'ALLOWED') return explainAllow(result.reason)
  return result.outcome === 'DENIED' ? explainDeny(result.reason) : explainUndecided(result.reason)
}

function sumUp(judgements: readonly Judgement[]): string {
  const count = (outcome: keyof typeof WORDS): string => {
    const found = judgements.filter(({ decision }) => decision.outcome === outcome).length
    return found === 0 ? '' : `, ${found} ${WORDS[outcome]}`
  }
  return `\n${judgements.length} ${judgements.length === 1 ? 'workload' : 'workloads'} with images${count('ALLOWED')}${count('DENIED')}${count('UNDECIDED')}`
}

function treeOf({ source, subject, decision }: Judgement): unknown {
  const message = decision.outcome === 'DENIED' ? { message: formatDenial(decision, 'B') } : {}
  return { source, subject, outcome: decision.outcome, explanation: explainDecision(decision), ...message, decision }
}
