import { type SigningResult, signImage } from '@countersign/service/signing/sign-image.ts'
import { pathOf } from '../../connection/api.ts'
import type { Context } from '../../context.ts'
import { type ExitCode, EXIT, UsageError } from '../../terminal.ts'
import type { Given } from '../given.ts'
import { findPlatforms } from './find-platforms.ts'
import { listen } from './listen.ts'
import { partsOf } from './parts.ts'
import { readOrder, type SignerMode } from './read-order.ts'
import { makeSignerDoor } from './service-door.ts'

/** What the original reads where a flag is not given (kritis-and-grafeas.md §1.8). */
const ENVIRONMENT: Readonly<Record<string, string>> = {
  '--policy': 'ATTESTATION_POLICY_PATH',
  '--note-name': 'ATTESTATION_NOTE_NAME',
  '--attestation-project': 'ATTESTATION_PROJECT',
  '--kms-key-name': 'ATTESTATION_KMS_KEY',
  '--kms-digest-alg': 'ATTESTATION_DIGEST_ALGORITHM',
}
/** Stands for the image in the trial reading at the start, which finds what is wrong with all the rest. */
const NO_IMAGE = `registry.invalid/image/trial@sha256:${'0'.repeat(64)}`

/**
 * Serves the signer over HTTP until the process is told to end. Policy file and key are read at the start, so that nothing wrong waits for the first
 * image, and again for each image, so that a new policy or key holds at once.
 */
export async function runService(context: Context, given: Given): Promise<ExitCode> {
  const { terminal } = context
  if (given.has('--kritis-compat') || given.has('--image') || given.has('--mode')) {
    throw new UsageError('With --listen neither --kritis-compat, --image nor --mode can be given: each request names its image and what to do')
  }
  const filled = withEnvironment(given, terminal.env)
  const token = new TextDecoder().decode(await terminal.files.read(given.required('--listen-token-file'))).trim()
  if (!/^[\x21-\x7e]{16,512}$/.test(token)) throw new UsageError('The file of --listen-token-file holds no token: expected 16 characters or more')
  const api = await context.api()
  const run = async (mode: SignerMode, image: string): Promise<SigningResult> => {
    const asked = filled.with({ '--mode': mode, '--image': image })
    const order = await readOrder(context, asked)
    const platforms = await findPlatforms(context, asked, order)
    return await signImage(terminal, { image, ...partsOf(order, { api, ...(platforms === undefined ? {} : { platforms }) }) })
  }
  await readOrder(context, filled.with({ '--mode': 'check-and-sign', '--image': NO_IMAGE }))
  const findOccurrence = async (name: string) => await api.call('GET', pathOf('/v1', name))
  const { url, close } = await listen(given.required('--listen'), makeSignerDoor({ token, run, findOccurrence }))
  terminal.say(`Signing at ${url}: POST /check-only, /check-and-sign or /event`)
  const ended = terminal.ended()
  if (!ended.aborted) await new Promise((resolve) => ended.addEventListener('abort', resolve, { once: true }))
  await close()
  return EXIT.YES
}

function withEnvironment(given: Given, env: Readonly<Record<string, string | undefined>>): Given {
  const missing = Object.entries(ENVIRONMENT).filter(([flag, name]) => !given.has(flag) && (env[name] ?? '') !== '')
  const overwrites = /^(?:1|t|true)$/i.test(env['ATTESTATION_OVERWRITE'] ?? '') ? { '--overwrite': true } : {}
  return given.with({ ...overwrites, ...Object.fromEntries(missing.map(([flag, name]) => [flag, env[name]])) })
}
