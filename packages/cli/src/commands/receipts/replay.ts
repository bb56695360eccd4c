import { escapeHidden } from '@countersign/core/hidden-character.ts'
import { makeReplayer, type Replayed } from '@countersign/evidence/record/replayer.ts'
import { type Context, fullName } from '../../context.ts'
import { startBefore } from '../../duration.ts'
import { EXIT, type ExitCode, UsageError } from '../../terminal.ts'
import type { Given } from '../given.ts'
import type { Verb } from '../verb.ts'
import { type BundleLine, parseBundle, readBundle, readOne } from './bundle.ts'

/** More rows than a person reads; the counts are of all. */
const MAX_SHOWN = 100

interface Tally {
  readonly counts: Record<Replayed['outcome'], number>
  /** Those that do not agree. */
  readonly rows: { readonly receipt: string; readonly outcome: Replayed['outcome']; readonly detail: string }[]
}

export const replayReceipts: Verb = {
  usage: 'replay [receipt]',
  summary: 'Decide again from receipts, and name every difference',
  details:
    'Decides here, not on the server, from the receipt’s own inputs and the policy and attestor versions that it names.\n' +
    'Exit code 1 where a decision differs or a receipt was altered, 3 where an input is missing.',
  examples: [
    'countersign receipts replay sha256:5d1c… --project demo',
    'countersign receipts replay --since 7d --project demo',
    'countersign receipts replay --file receipts.jsonl',
  ],
  options: [
    { flags: '--since <duration>', summary: 'all decisions of the last so many hours or days, such as 7d' },
    { flags: '--file <file>', summary: 'the receipts of an export, - for standard input: asks no server' },
  ],
  async run(context, given): Promise<ExitCode> {
    const tally = await replayAll(await findLines(context, given))
    const { AGREES, DIFFERS, ALTERED, MISSING } = tally.counts
    if (tally.rows.length > 0 || context.hasFormat) {
      await context.showRows(tally.rows, [
        { heading: 'RECEIPT', value: 'receipt' },
        { heading: 'REPLAY', value: 'outcome' },
        { heading: 'DETAIL', value: 'detail' },
      ])
    }
    const all = AGREES + DIFFERS + ALTERED + MISSING
    context.terminal.say(`Replayed ${all}: ${AGREES} agree, ${DIFFERS} differ, ${ALTERED} altered, ${MISSING} without their inputs.`)
    if (DIFFERS + ALTERED > 0) return EXIT.NO
    return MISSING > 0 || all === 0 ? EXIT.UNDECIDED : EXIT.YES
  },
}

async function findLines(context: Context, given: Given): Promise<Iterable<BundleLine> | AsyncIterable<BundleLine>> {
  const [receipt] = given.rest(0)
  const [since, file] = [given.text('--since'), given.text('--file')]
  if ([receipt, since, file].filter((one) => one !== undefined).length !== 1)
    throw new UsageError('Expected one of: a receipt, --since or --file', 'All of the last week: countersign receipts replay --since 7d')
  if (file !== undefined) {
    const bytes = file === '-' ? await context.terminal.readInput() : await context.terminal.files.read(file)
    return parseBundle(new TextDecoder().decode(bytes), file)
  }
  const api = await context.api()
  if (receipt !== undefined) return readOne(api, fullName(context, 'receipts', receipt))
  return readBundle(api, context.project(), startBefore(since ?? '', context.terminal.now()))
}

async function replayAll(lines: Iterable<BundleLine> | AsyncIterable<BundleLine>): Promise<Tally> {
  const replayer = makeReplayer()
  const tally: Tally = { counts: { AGREES: 0, DIFFERS: 0, ALTERED: 0, MISSING: 0 }, rows: [] }
  for await (const line of lines) {
    // An input that cannot be read is missing where a receipt names it.
    if (!('canonical' in line)) replayer.learn(line)
    else note(tally, line.digest, replayer.replay(line))
  }
  return tally
}

function note({ counts, rows }: Tally, receipt: string, replayed: Replayed): void {
  counts[replayed.outcome]++
  if (replayed.outcome === 'AGREES' || rows.length >= MAX_SHOWN) return
  rows.push({ receipt, outcome: replayed.outcome, detail: detailOf(replayed) })
}

function detailOf(replayed: Exclude<Replayed, { readonly outcome: 'AGREES' }>): string {
  if (replayed.outcome !== 'DIFFERS') return replayed.detail
  return replayed.differences.map(({ path, recorded, now }) => `${path}: recorded ${show(recorded)}, now ${show(now)}`).join('; ')
}

function show(value: unknown): string {
  return value === undefined ? 'nothing' : escapeHidden(JSON.stringify(value).slice(0, 200))
}
