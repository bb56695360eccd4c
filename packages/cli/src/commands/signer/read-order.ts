import { parseSigningPolicyFile } from '@countersign/api/file/signing-policy-file.ts'
import { type ImageDigest, parseImageReference, repositoryOf } from '@countersign/core/image/reference.ts'
import { type NoteName, parseNoteName, parseProjectId, type ProjectId } from '@countersign/core/name/resource-name.ts'
import { formatIssue, type Issue } from '@countersign/core/parsed.ts'
import { quote } from '@countersign/core/quote.ts'
import type { SigningPolicy } from '@countersign/core/vulnerability/signing-policy.ts'
import type { Context } from '../../context.ts'
import { formatAt } from '../../output/issue.ts'
import { UsageError } from '../../terminal.ts'
import type { Given } from '../given.ts'
import { SignerFault } from './fault.ts'
import { parseGoDuration } from './go-duration.ts'
import { type OpenedKey, openKey } from './open-key.ts'

export type SignerMode = 'check-and-sign' | 'check-only' | 'bypass-and-sign'

/** A command line of the signer, whole and valid. */
export interface SignerOrder {
  readonly mode: SignerMode
  readonly image: OrderedImage
  readonly asKritis: boolean
  readonly check?: { readonly policy: SigningPolicy; readonly timeoutMs: number; readonly project: ProjectId }
  readonly sign?: SignOrder
}

export interface SignOrder {
  readonly note: NoteName
  readonly key: OpenedKey
  readonly overwrite: boolean
  /** What keeps the attestation, and whether somebody named it or the image's path does. */
  readonly project: ProjectId
  readonly projectFrom: 'FLAG' | 'IMAGE'
}

export interface OrderedImage {
  /** As it was written, without a scheme. */
  readonly text: string
  readonly repository: string
  /** Absent only as kritis, where an image without one is a violation. */
  readonly digest?: ImageDigest
  readonly resourceUri: string
}

const MODES: readonly SignerMode[] = ['check-and-sign', 'check-only', 'bypass-and-sign']
const DEFAULT_TIMEOUT = '5m'

/**
 * Reads everything that the command line says, policy file and key included, in the order in which kritis reads it (§1.3), but all of it
 * before anything is waited for. SignerFault or UsageError for the first thing that is wrong.
 */
export async function readOrder(context: Context, given: Given): Promise<SignerOrder> {
  const asKritis = given.has('--kritis-compat')
  const mode = readMode(flag(given, '--mode') ?? 'check-and-sign')
  const image = readImage(flag(given, '--image'), asKritis)
  const check = mode === 'bypass-and-sign' ? {} : { check: await readCheck(context, given, { image, asKritis }) }
  const sign = mode === 'check-only' ? {} : { sign: await readSign(context, given, { image, asKritis }) }
  return { mode, image, asKritis, ...check, ...sign }
}

interface Read {
  readonly image: OrderedImage
  readonly asKritis: boolean
}

function readMode(text: string): SignerMode {
  const mode = MODES.find((one) => one === text)
  if (mode !== undefined) return mode
  const kritis = `Parse mode err unrecognized mode ${text}, must be one of ${MODES.join('|')}.`
  throw new SignerFault(`Mode ${quote(text)} is not known: expected ${MODES.join(', ')}`, { exit: 255, text: kritis })
}

function readImage(written: string | undefined, asKritis: boolean): OrderedImage {
  if (written === undefined) {
    throw new SignerFault('No image was named', { exit: 1, text: 'image url is empty' }, 'Name one with --image REGISTRY/REPOSITORY@sha256:…')
  }
  const text = asKritis ? written : written.replace(/^https?:\/\//, '')
  const parsed = parseImageReference(text)
  const digest = parsed.ok ? parsed.value.digest : undefined
  if (parsed.ok && digest !== undefined) {
    const repository = repositoryOf(parsed.value)
    return { text, repository, digest, resourceUri: `https://${asKritis ? text : `${repository}@${digest}`}` }
  }
  if (asKritis) return { text, repository: '', resourceUri: `https://${text}` }
  const fault = parsed.ok ? `Image ${quote(text)} has no digest: a tag can move, and only a digest can be signed` : parsed.issues[0]?.message
  throw new UsageError(fault ?? 'The image is not valid', 'The digests of a repository: countersign images list-tags REPOSITORY')
}

async function readCheck(context: Context, given: Given, { image, asKritis }: Read): Promise<NonNullable<SignerOrder['check']>> {
  const file = flag(given, '--policy')
  if (file === undefined) throw new SignerFault('No policy was named', { exit: 1, text: 'policy path is empty' }, 'Name its file with --policy')
  const policy = await readPolicy(context, file, asKritis)
  const timeout = flag(given, '--vulnz-timeout') ?? DEFAULT_TIMEOUT
  const timeoutMs = parseGoDuration(timeout)
  if (timeoutMs === undefined) {
    const kritis = `Fail to parse timeout time: invalid duration ${quote(timeout)}`
    throw new SignerFault(`Timeout ${quote(timeout)} is not valid: expected one such as 600s, 5m or 1h30m`, { exit: 255, text: kritis })
  }
  return { policy, timeoutMs, project: projectOf(context, image) }
}

async function readPolicy({ terminal }: Context, file: string, asKritis: boolean): Promise<SigningPolicy> {
  const text = new TextDecoder().decode(await readFile(terminal.files.read(file)))
  const parsed = parseSigningPolicyFile(text, { reading: asKritis ? 'KRITIS' : 'STRICT' })
  if (parsed.ok) return parsed.value
  const issues = parsed.issues.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0))
  if (!asKritis) for (const issue of issues) terminal.say(formatAt(file, issue))
  const kritis = `Fail to parse policy file: ${issues.map((issue: Issue) => formatIssue(issue)).join('; ')}`
  const count = issues.length === 1 ? '1 issue' : `${issues.length} issues`
  throw new SignerFault(`Policy file "${file}" is not valid: ${count}`, { exit: 255, text: kritis })
}

async function readFile(reading: Promise<Uint8Array>): Promise<Uint8Array> {
  try {
    return await reading
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    throw new SignerFault(error.message, { exit: 255, text: `Fail to load vulnz signing policy: ${error.message}` }, error.hint)
  }
}

async function readSign(context: Context, given: Given, { image, asKritis }: Read): Promise<SignOrder> {
  const key = await openKey(context, {
    asKritis,
    ...member('key', flag(given, '--key')),
    ...member('kms', flag(given, '--kms-key-name')),
    ...member('kmsDigest', flag(given, '--kms-digest-alg')),
    ...member('pgp', flag(given, '--pgp-private-key')),
    ...member('pkix', flag(given, '--pkix-private-key')),
    ...member('pkixAlgorithm', flag(given, '--pkix-alg')),
    ...member('gpg', flag(given, '--gpg-key')),
    ...member('passphraseFile', flag(given, '--passphrase-file')),
    ...member('passphrase', flag(given, '--pgp-passphrase')),
  })
  const note = readNote(flag(given, '--note-name') ?? '')
  const project = flag(given, '--attestation-project')
  const projectFrom = project === undefined && context.findProject() === undefined ? 'IMAGE' : 'FLAG'
  return { note, key, overwrite: given.has('--overwrite'), project: project === undefined ? projectOf(context, image) : accept(project), projectFrom }
}

function readNote(text: string): NoteName {
  const parsed = parseNoteName(text)
  if (parsed.ok) return parsed.value
  const kritis = `note name is invalid note name ${text} is not in the form of projects/[PROVIDER_ID]/notes/[NOTE_ID]`
  const fault = text === '' ? 'No note was named' : (parsed.issues[0]?.message ?? 'The note name is not valid')
  throw new SignerFault(fault, { exit: 1, text: kritis }, 'Name it with --note-name projects/PROJECT/notes/NOTE')
}

/** The project that was named, else what stands between the image's first two slashes (§1.5). */
function projectOf(context: Context, { text }: OrderedImage): ProjectId {
  return accept(context.findProject() ?? text.split('/')[1] ?? '')
}

function accept(text: string): ProjectId {
  const parsed = parseProjectId(text)
  if (parsed.ok) return parsed.value
  throw new UsageError(parsed.issues[0]?.message ?? 'The project id is not valid', 'Name the project with --project or COUNTERSIGN_PROJECT')
}

function flag(given: Given, name: string): string | undefined {
  const text = given.text(name)
  return text === '' ? undefined : text
}

function member<K extends string>(name: K, value: string | undefined): Partial<Record<K, string>> {
  return value === undefined ? {} : ({ [name]: value } as Partial<Record<K, string>>)
}
