import { formatDuration } from '@countersign/core/duration.ts'
import { StatusError } from '@countersign/core/status.ts'
import { signImage } from '@countersign/service/signing/sign-image.ts'
import type { Waiting } from '@countersign/service/signing/wait-for-scan.ts'
import type { Context } from '../../context.ts'
import { reportError } from '../../report-error.ts'
import { EXIT, type ExitCode, UsageError } from '../../terminal.ts'
import type { Given } from '../given.ts'
import type { Verb } from '../verb.ts'
import { checkBeforehand } from './beforehand.ts'
import { SignerFault } from './fault.ts'
import { findPlatforms } from './find-platforms.ts'
import { makeKritisLog } from './kritis-log.ts'
import { endAsKritis } from './kritis-usage.ts'
import { SIGNER_OPTIONS } from './options.ts'
import { partsOf } from './parts.ts'
import { readOrder, type SignerOrder } from './read-order.ts'
import { exitCodeOf, outcomeOf, requireFormat, showResult } from './report.ts'
import { runAsKritis } from './run-as-kritis.ts'

export const signer: Verb = {
  usage: 'signer',
  summary: 'Check an image’s vulnerabilities by a signing policy, and sign it',
  details: [
    'Takes kritis signer’s command line unchanged: each flag with one dash or two, with underscores or dashes.',
    'Waits for the scan, checks what it found, signs, and verifies the attestation that it stored.',
    'Of an index, --all-platforms checks and signs every manifest that can run, then the index. Results: sentences, or -o json, yaml or sarif.',
    'Exit codes: 0 conforms or signed · 1 the policy is violated · 2 usage · 3 could not decide, or the server could not be asked.',
    'With --kritis-compat the original’s: 0 · 1 violations or bad flags · 2 unknown flags · 255 all else.',
  ].join('\n'),
  examples: [
    'countersign signer -mode check-and-sign -image registry.example/demo/app@sha256:02115bc7… -policy policy.yaml \\\n      -note_name projects/demo/notes/scanned -pgp_private_key key.asc',
    'countersign signer --mode check-only --image registry.example/demo/app@sha256:02115bc7… --policy policy.yaml -o sarif',
  ],
  options: SIGNER_OPTIONS,
  run: async (context, given) => {
    if (given.has('--listen')) return await (await import('./run-service.ts')).runService(context, given)
    return given.has('--kritis-compat') ? await runCompatible(context, given) : await runStrict(context, given)
  },
}

async function runStrict(context: Context, given: Given): Promise<ExitCode> {
  requireFormat(context)
  const order = await readOrder(context, given)
  try {
    const platforms = await findPlatforms(context, given, order)
    const api = await context.api()
    for (const warning of await checkBeforehand(api, order)) context.terminal.say(warning)
    const options = { api, onWait: tellProgress(context, order), ...(platforms === undefined ? {} : { platforms }) }
    const result = await signImage(context.terminal, { image: order.image.text, ...partsOf(order, options) })
    await showResult(context, order, result)
    return exitCodeOf(outcomeOf(result))
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
    // 1 says that the policy is violated, and nothing else: a permission that is missing is no verdict on the image.
    const exit = reportError(error, context.terminal)
    return exit === EXIT.NO ? EXIT.UNDECIDED : exit
  }
}

async function runCompatible(context: Context, given: Given): Promise<ExitCode> {
  requireFormat(context)
  const { terminal } = context
  if (given.has('--all-platforms')) throw new UsageError('Only one of --all-platforms and --kritis-compat can be given: kritis knows no index')
  const log = makeKritisLog(terminal, given.text('--stderrthreshold'))
  try {
    const order = await readOrder(context, given)
    const { exit, result } = await runAsKritis(order, { terminal, log, api: await context.api() })
    if (context.hasFormat) await showResult(context, order, result)
    return exit
  } catch (error) {
    if (!(error instanceof SignerFault)) throw error
    return endAsKritis(error.kritis, given.text('--mode') ?? 'check-and-sign', { terminal, log })
  }
}

/** At a terminal before each wait, elsewhere when something has changed: a pipeline's log stays short. */
function tellProgress({ terminal }: Context, { image }: SignerOrder): (waiting: Waiting) => void {
  let told: string | undefined
  return ({ state, leftMs }) => {
    const words = WORDS[state ?? 'NO_ANSWER']
    if (terminal.interactive || words !== told) terminal.say(`Waiting for the scan of ${image.text}: ${words}, ${formatDuration(leftMs)} left`)
    told = words
  }
}

const WORDS: Readonly<Record<NonNullable<Waiting['state']> | 'NO_ANSWER', string>> = {
  NOT_SCANNED: 'no scan has begun',
  PENDING: 'it goes on',
  UNTRUSTED: 'none by a scanner that the policy believes',
  FINISHED: 'it has ended',
  FAILED: 'it has failed',
  UNSUPPORTED: 'the image is not supported',
  STALE: 'it is too old',
  NO_ANSWER: 'the server does not answer',
}
