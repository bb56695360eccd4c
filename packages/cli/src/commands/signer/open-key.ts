import { openPgpFile, openPkixFile } from '@countersign/adapters/keys/key-file.ts'
import { openKey as openKeyOf } from '@countersign/adapters/keys/open-key.ts'
import type { KeyOptions, KeySurroundings, OpenedKey as KeptKey } from '@countersign/adapters/keys/opened-key.ts'
import { KeyRefusal } from '@countersign/adapters/keys/refusal.ts'
import { quote } from '@countersign/core/quote.ts'
import { StatusError } from '@countersign/core/status.ts'
import { loadKeys } from '@countersign/evidence/attestation/loaded-keys.ts'
import { type DeclaredAlgorithm, parseSignatureAlgorithm, SCHEMES } from '@countersign/evidence/key/algorithm.ts'
import type { SigningKey } from '@countersign/service/signing/ports.ts'
import type { Context } from '../../context.ts'
import { type Terminal, UsageError } from '../../terminal.ts'
import { keySurroundings } from '../attestations/named-key.ts'
import { SignerFault } from './fault.ts'
import { KEY_KINDS } from './options.ts'

/** What the flags say of the key; an empty flag is an absent one, as in kritis. */
export interface KeyFlags {
  readonly kms?: string
  readonly kmsDigest?: string
  readonly pgp?: string
  readonly pkix?: string
  readonly pkixAlgorithm?: string
  readonly gpg?: string
  readonly key?: string
  readonly passphraseFile?: string
  readonly passphrase?: string
  /** Of several keys the first counts, in the order above, and silently (§1.1); else only one may be named. */
  readonly asKritis: boolean
}

/** A key that is ready to sign, and how kritis' log calls it: `kms key NAME`, `pgp key`, `pkix key`. */
export interface OpenedKey extends SigningKey {
  readonly calledByKritis: string
}

/** Opens the key, and the public half of it. SignerFault where none is named, or it cannot sign; StatusError where its keeper does not answer. */
export async function openKey(context: Context, flags: KeyFlags): Promise<OpenedKey> {
  const { kms, pgp, pkix, gpg, key } = flags
  const named = [kms, pgp, pkix, gpg, key].filter((value) => value !== undefined)
  if (named.length === 0) throw noKey()
  if (named.length > 1 && !flags.asKritis) throw new UsageError(`${named.length} keys to sign with are named, expected one`, KEY_KINDS)
  if (kms !== undefined) return await openKms(context, kms, flags)
  if (pgp !== undefined) return await open(context, flags, { word: 'pgp', open: async (...at) => await openPgpFile(pgp, ...at) })
  if (pkix !== undefined) {
    const algorithm = acceptAlgorithm(flags.pkixAlgorithm ?? '')
    return await open(context, flags, { word: 'pkix', open: async (options, at) => await openPkixFile(pkix, { ...options, algorithm }, at) })
  }
  const algorithm = flags.pkixAlgorithm === undefined ? {} : { algorithm: acceptAlgorithm(flags.pkixAlgorithm) }
  const uri = gpg === undefined ? (key ?? '') : `gpg:${gpg}`
  return await open(context, flags, { word: 'kms', open: async (options, at) => await openKeyOf(uri, { ...options, ...algorithm }, at) })
}

function noKey(): SignerFault {
  const text = 'Neither kms_key_name, pgp_private_key, or pkix_private_key is specified'
  return new SignerFault('No key to sign with was named', { exit: 1, text }, KEY_KINDS)
}

const DIGESTS = ['SHA256', 'SHA384', 'SHA512']

/** The hash must agree with the key version: kritis finds out when Cloud KMS refuses, after all waiting (§1.1). */
async function openKms(context: Context, version: string, flags: KeyFlags): Promise<OpenedKey> {
  const { kmsDigest: digest, asKritis } = flags
  if (digest === undefined && asKritis)
    throw wrongDigest('Option --kms-digest-alg is required', `kms_digest_alg is unspecified, must be one of ${DIGESTS.join('|')}`)
  if (digest !== undefined && !DIGESTS.includes(digest)) {
    throw wrongDigest(`Digest algorithm ${quote(digest)} is not known: expected ${DIGESTS.join(', ')}`, `Unsupported digest algorithm ${digest}`)
  }
  const opened = await open(context, flags, { word: 'kms', name: version, open: async (...at) => await openKeyOf(`gcpkms://${version}`, ...at) })
  const hash = hashOf(opened.algorithm)
  if (digest === undefined || hash === undefined || hash === digest.toLowerCase()) return opened
  throw wrongDigest(
    `Option --kms-digest-alg is ${digest}, but the key version signs with ${opened.algorithm ?? 'another'}: expected ${hash.toUpperCase()}`,
    `Signing image failed: the key version takes ${hash.toUpperCase()} digests only`,
  )
}

function wrongDigest(message: string, text: string): SignerFault {
  return new SignerFault(message, { exit: 255, text })
}

function hashOf(algorithm: DeclaredAlgorithm | undefined): string | undefined {
  const scheme = algorithm === undefined ? undefined : SCHEMES[algorithm]
  return scheme !== undefined && 'hash' in scheme ? scheme.hash : undefined
}

function acceptAlgorithm(written: string): DeclaredAlgorithm {
  const algorithm = parseSignatureAlgorithm(written)
  if (algorithm !== undefined) return algorithm
  const fault = written === '' ? 'Option --pkix-alg is required' : `Signature algorithm ${quote(written)} is not known`
  const kritis = { exit: 255, text: `Empty or unknown PKIX signature algorithm: ${written}` } as const
  throw new SignerFault(fault, kritis, 'It says how the key signs, such as ecdsa-p256-sha256 or rsa-pss-4096-sha512')
}

interface Kind {
  /** Kritis' word for it. */
  readonly word: 'kms' | 'pgp' | 'pkix'
  readonly name?: string
  readonly open: (options: KeyOptions, surroundings: KeySurroundings) => Promise<KeptKey>
}

async function open({ terminal }: Context, flags: KeyFlags, kind: Kind): Promise<OpenedKey & { readonly algorithm?: DeclaredAlgorithm }> {
  try {
    const { signer, publicKey } = await kind.open(await readPassphrase(terminal, flags), surroundingsOf(terminal, flags))
    const calledByKritis = kind.name === undefined ? `${publicKey.type.toLowerCase()} key` : `kms key ${kind.name}`
    const algorithm = publicKey.type === 'PKIX' ? parseSignatureAlgorithm(publicKey.signatureAlgorithm) : undefined
    return { signer, publicKeys: await loadKeys([publicKey]), calledByKritis, ...(algorithm === undefined ? {} : { algorithm }) }
  } catch (error) {
    throw asFault(error, kind.word, flags)
  }
}

/** A key that is wrong is the caller's to mend (2); one whose keeper does not answer leaves all open (3). Kritis ends both fatally. */
function asFault(error: unknown, word: Kind['word'], { asKritis }: KeyFlags): unknown {
  if (!(error instanceof StatusError)) return error
  const isOutage = error.code === 'UNAVAILABLE' || error.code === 'RESOURCE_EXHAUSTED' || error.code === 'DATA_LOSS'
  if (isOutage && !asKritis) return error
  const reason = error instanceof KeyRefusal ? error.reason : error.message
  return new SignerFault(error.message, { exit: 255, text: `Creating ${word} signer failed: ${reason}` })
}

function surroundingsOf(terminal: Terminal, { asKritis }: KeyFlags): KeySurroundings {
  const surroundings = { ...keySurroundings(terminal), readFile: async (path: string) => await readKeyFile(terminal, path) }
  return asKritis ? { ...surroundings, askSecret: async () => undefined } : surroundings
}

async function readKeyFile(terminal: Terminal, file: string): Promise<Uint8Array> {
  try {
    return await terminal.files.read(file)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    throw new SignerFault(error.message, { exit: 255, text: `Fail to read signer key: ${error.message}` }, error.hint)
  }
}

async function readPassphrase(terminal: Terminal, { passphrase, passphraseFile, asKritis }: KeyFlags): Promise<KeyOptions> {
  if (passphraseFile !== undefined) return { passphrase: new TextDecoder().decode(await terminal.files.read(passphraseFile)).split(/\r?\n/)[0] ?? '' }
  if (passphrase === undefined) return {}
  if (!asKritis) terminal.say('WARNING: --pgp-passphrase can be read by every process of this machine: better write --passphrase-file FILE')
  return { passphrase }
}
