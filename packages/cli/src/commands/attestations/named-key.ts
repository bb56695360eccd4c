import { openKey } from '@countersign/adapters/keys/open-key.ts'
import type { KeyOptions, KeySurroundings, OpenedKey } from '@countersign/adapters/keys/opened-key.ts'
import { StatusError } from '@countersign/core/status.ts'
import { type DeclaredAlgorithm, parseSignatureAlgorithm, SCHEMES } from '@countersign/evidence/key/algorithm.ts'
import type { Context } from '../../context.ts'
import { type Terminal, UsageError } from '../../terminal.ts'
import type { Given } from '../given.ts'
import type { VerbOption } from '../verb.ts'

/** A key by its URI, or a version of Cloud KMS as the original's tool names it (binary-authorization.md §4.1). */
export const KEY_OPTIONS: readonly VerbOption[] = [
  { flags: '--key <uri>', summary: 'the key: gcpkms://, awskms://, azurekms://, hashivault://, pkcs11:, gpg:KEY or a key file' },
  { flags: '--keyversion <version>', summary: 'a key version of Cloud KMS: its number with the options below, or its full name' },
  { flags: '--keyversion-key <key>', summary: 'key of the version' },
  { flags: '--keyversion-keyring <keyring>', summary: 'key ring of the key' },
  { flags: '--keyversion-location <location>', summary: 'location of the key ring' },
  { flags: '--keyversion-project <project>', summary: 'project of the key ring (default: --project)' },
  {
    flags: '--passphrase-file <file>',
    summary: 'file whose first line is the passphrase of a key file or the PIN of a token (default: asked at a terminal)',
  },
]

/** The URI that `--key` or `--keyversion…` names; undefined where neither does. */
export function findKeyUri(context: Context, given: Given): string | undefined {
  const version = given.text('--keyversion')
  if (version === undefined) return given.has('--key') ? given.required('--key') : undefined
  if (given.has('--key')) throw new UsageError('Only one of --key and --keyversion can be given')
  if (version.includes('/')) return `gcpkms://${version}`
  const project = given.text('--keyversion-project') ?? context.project()
  const [location, ring, key] = ['location', 'keyring', 'key'].map((part) => given.required(`--keyversion-${part}`))
  return `gcpkms://projects/${project}/locations/${location}/keyRings/${ring}/cryptoKeys/${key}/cryptoKeyVersions/${given.required('--keyversion')}`
}

/** Opens the key of a URI. A key that is wrong, or may not sign, is the caller's to mend; one whose keeper does not answer is not. */
export async function openNamedKey({ terminal }: Context, uri: string, options: KeyOptions): Promise<OpenedKey> {
  const { signer, publicKey } = await asUsage(openKey(uri, options, keySurroundings(terminal)))
  return { publicKey, signer: { publicKeyId: signer.publicKeyId, sign: async (payload) => await asUsage(signer.sign(payload)) } }
}

async function asUsage<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    if (!(error instanceof StatusError) || OUTAGES.has(error.code)) throw error
    throw new UsageError(error.message)
  }
}

const OUTAGES: ReadonlySet<string> = new Set(['UNAVAILABLE', 'RESOURCE_EXHAUSTED', 'DATA_LOSS', 'INTERNAL'])

/** What keys may touch of the terminal. */
export function keySurroundings(terminal: Terminal): KeySurroundings {
  return {
    env: terminal.env,
    send: terminal.send,
    readFile: (path) => terminal.files.read(path),
    runProgram: terminal.runProgram,
    askSecret: (question) => terminal.askSecret(question),
    now: () => terminal.now(),
  }
}

/** What the options say of a key besides its name: id, passphrase, and how it signs. */
export async function readKeyOptions({ terminal }: Context, given: Given, algorithmFlag: string): Promise<KeyOptions> {
  const algorithm = given.text(algorithmFlag)
  const publicKeyId = given.text('--public-key-id-override')
  const file = given.text('--passphrase-file')
  return {
    ...(algorithm === undefined ? {} : { algorithm: acceptAlgorithm(algorithm) }),
    ...(publicKeyId === undefined ? {} : { publicKeyId }),
    ...(file === undefined ? {} : { passphrase: new TextDecoder().decode(await terminal.files.read(file)).split(/\r?\n/)[0] ?? '' }),
  }
}

/** A signature algorithm in any spelling. */
export function acceptAlgorithm(text: string): DeclaredAlgorithm {
  const algorithm = parseSignatureAlgorithm(text)
  if (algorithm !== undefined) return algorithm
  const known = Object.keys(SCHEMES).map((name) => name.toLowerCase().replaceAll('_', '-'))
  throw new UsageError(`Algorithm "${text}" is not known: expected one of ${known.join(', ')}`)
}
