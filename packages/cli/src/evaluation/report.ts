import type { ImageVerdict } from '@countersign/core/admission/decision.ts'
import { formatDenial } from '@countersign/core/admission/denial-text.ts'
import { explainAllow, explainDecision, explainDeny, explainUndecided } from '@countersign/core/admission/explain.ts'
import type { Context } from '../context.ts'
import { formatBox } from '../output/table.ts'
import { EXIT, type ExitCode, printable } from '../terminal.ts'
import type { Judgement } from './judgement.ts'

/** Denied before undecided, as a cluster would answer a person: something to mend is named first. */
export function exitCodeOf(judgements: readonly Judgement[]): ExitCode {
  const outcomes = judgements.map(({ decision }) => decision.outcome)
  if (outcomes.includes('DENIED')) return EXIT.NO
  return outcomes.includes('UNDECIDED') ? EXIT.UNDECIDED : EXIT.YES
}

/** Shows the judgements: for people a row for each image, what to do, and the sum; else everything that is known. */
export function showJudgements(context: Context, judgements: readonly Judgement[]): void {
  if (context.format('table').kind !== 'table') return context.showRows(judgements.map(treeOf), [])
  const judged = judgements.filter(({ decision }) => decision.images.length > 0)
  const rows = judged.flatMap((judgement) => judgement.decision.images.map((image) => rowOf(judgement, image)))
  if (rows.length > 0) context.terminal.write(formatBox(rows, COLUMNS))
  for (const fix of listFixes(judged)) context.terminal.write(`${printable(fix)}\n`)
  context.terminal.write(`${sumUp(judged)}\n`)
}

const COLUMNS = [
  { heading: 'WORKLOAD', value: 'workload' },
  { heading: 'IMAGE', value: 'image' },
  { heading: 'VERDICT', value: 'verdict' },
  { heading: 'WHY', value: 'why' },
]

function rowOf({ source, subject, decision }: Judgement, image: ImageVerdict): Readonly<Record<string, string>> {
  const { outcome } = image.result
  const regardless =
    outcome === 'ALLOWED' || decision.outcome !== 'ALLOWED' ? '' : `, ${decision.reason === 'BREAK_GLASS' ? 'break-glass' : 'dry run'}`
  const workload = source === '' ? 'images' : `${subject} (${source})`
  return { workload, image: image.image, verdict: `${WORDS[outcome]}${regardless}`, why: whyOf(image) }
}

const WORDS = { ALLOWED: 'allowed', DENIED: 'denied', UNDECIDED: 'undecided' } as const

function whyOf({ result }: ImageVerdict): string {
  if (result.outcome === 'ALLOWED') return explainAllow(result.reason)
  return result.outcome === 'DENIED' ? explainDeny(result.reason) : explainUndecided(result.reason)
}

/** Each fix once: ten workloads of one image need it once. */
function listFixes(judgements: readonly Judgement[]): readonly string[] {
  const fixes = judgements.flatMap(({ decision }) =>
    decision.images.flatMap(({ fix }) => (fix === undefined ? [] : [`\n${fix.explanation}:\n  ${fix.command}`])),
  )
  return [...new Set(fixes)]
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
