import { createPrivateKey, createPublicKey } from 'node:crypto'
import type { AttestorPublicKey } from '@countersign/core/attestation/attestor.ts'
import type { Parsed } from '@countersign/core/parsed.ts'
import { quote } from '@countersign/core/quote.ts'
import { loadKeys } from '@countersign/evidence/attestation/loaded-keys.ts'
import { parseSignatureAlgorithm } from '@countersign/evidence/key/algorithm.ts'
import type { Signer } from '@countersign/evidence/sign/signer.ts'
import type { SigningKey } from '@countersign/service/signing/ports.ts'
import type { Context } from '../../context.ts'
import { type Terminal, UsageError } from '../../terminal.ts'
import { openSigner } from '../attestations/signing-key.ts'
import { Given } from '../given.ts'
import { SignerFault } from './fault.ts'
import { KEY_KINDS } from './options.ts'

/** What the flags say of the key; an empty flag is an absent one, as in kritis. */
export interface KeyFlags {
  readonly kms?: string
  readonly pgp?: string
  readonly pkix?: string
  readonly pkixAlgorithm?: string
  readonly gpg?: string
  readonly passphraseFile?: string
  readonly passphrase?: string
  /** Of several keys the first counts, in the order above, and silently (§1.1); else only one may be named. */
  readonly asKritis: boolean
}

/** A key that is ready to sign, and which kind of key kritis would call it. */
export interface OpenedKey extends SigningKey {
  readonly kind: 'pgp' | 'pkix'
}

/** Opens the key, and the public half of it. SignerFault where none is named, or it cannot sign. */
export async function openKey(context: Context, flags: KeyFlags): Promise<OpenedKey> {
  const { kms, pgp, pkix, gpg } = flags
  const named = [kms, pgp, pkix, gpg].filter((value) => value !== undefined)
  if (named.length === 0) throw noKey()
  if (named.length > 1 && !flags.asKritis) throw new UsageError(`${named.length} keys to sign with are named, expected one`, KEY_KINDS)
  if (kms !== undefined) throw kmsRefused(kms)
  if (pgp !== undefined) return await openPgp(context, pgp, flags)
  if (pkix !== undefined) return await openPkix(context, pkix, flags)
  return await openGpg(context, gpg ?? '')
}

function noKey(): SignerFault {
  const text = 'Neither kms_key_name, pgp_private_key, or pkix_private_key is specified'
  return new SignerFault('No key to sign with was named', { exit: 1, text }, KEY_KINDS)
}

function kmsRefused(name: string): SignerFault {
  return new SignerFault(`Cannot sign with the KMS key ${quote(name)}`, { exit: 255, text: `Creating kms signer failed: ${KEY_KINDS}` }, KEY_KINDS)
}

async function openPgp(context: Context, file: string, flags: KeyFlags): Promise<OpenedKey> {
  const armoredPrivateKey = await readKeyFile(context, file)
  const { openPgpSigner } = await import('@countersign/evidence/sign/pgp-signer.ts')
  const open = async (passphrase: Passphrase): Promise<Parsed<Signer>> =>
    await openPgpSigner({ armoredPrivateKey, ...passphrase, now: () => context.terminal.now() })
  const { signer } = await openWithPassphrase(context, flags, { file, kind: 'pgp', open })
  const { loadOpenPgp } = await import('@countersign/evidence/pgp/library.ts')
  const key = await (await loadOpenPgp()).readPrivateKey({ armoredKey: armoredPrivateKey })
  return await withPublicKey(signer, { type: 'PGP', id: signer.publicKeyId, asciiArmored: key.toPublic().armor() })
}

async function openPkix(context: Context, file: string, flags: KeyFlags): Promise<OpenedKey> {
  const written = flags.pkixAlgorithm ?? ''
  const signatureAlgorithm = parseSignatureAlgorithm(written)
  if (signatureAlgorithm === undefined) {
    const fault = written === '' ? 'Option --pkix-alg is required' : `Signature algorithm ${quote(written)} is not known`
    const kritis = { exit: 255, text: `Empty or unknown PKIX signature algorithm: ${written}` } as const
    throw new SignerFault(fault, kritis, 'It says how the key signs, such as ecdsa-p256-sha256 or rsa-pss-4096-sha512')
  }
  const privateKeyPem = await readKeyFile(context, file)
  const { openPkixSigner } = await import('@countersign/evidence/sign/pkix-signer.ts')
  const open = async (given: Passphrase): Promise<Parsed<Signer>> => openPkixSigner({ privateKeyPem, ...given, signatureAlgorithm })
  const { signer, passphrase } = await openWithPassphrase(context, flags, { file, kind: 'pkix', open })
  const publicKeyPem = createPublicKey(createPrivateKey({ key: privateKeyPem, format: 'pem', ...passphrase })).export({ type: 'spki', format: 'pem' })
  return await withPublicKey(signer, { type: 'PKIX', id: signer.publicKeyId, publicKeyPem: publicKeyPem.toString(), signatureAlgorithm })
}

async function openGpg(context: Context, key: string): Promise<OpenedKey> {
  const signer = await openSigner(context, new Given([], { '--gpg-key': key }))
  const exported = await context.terminal.runProgram('gpg', ['--batch', '--armor', '--export', '--', signer.publicKeyId], new Uint8Array())
  if (exported.code !== 0) throw new UsageError(`gpg does not export the public key ${signer.publicKeyId}: ${exported.stderr.trim()}`)
  return await withPublicKey(signer, { type: 'PGP', id: signer.publicKeyId, asciiArmored: decode(exported.stdout) })
}

async function withPublicKey(signer: Signer, key: AttestorPublicKey): Promise<OpenedKey> {
  return { signer, publicKeys: await loadKeys([key]), kind: key.type === 'PGP' ? 'pgp' : 'pkix' }
}

async function readKeyFile(context: Context, file: string): Promise<string> {
  try {
    return decode(await context.terminal.files.read(file))
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    throw new SignerFault(error.message, { exit: 255, text: `Fail to read signer key: ${error.message}` }, error.hint)
  }
}

interface Passphrase {
  readonly passphrase?: string
}

interface KeyFile {
  readonly file: string
  readonly kind: OpenedKey['kind']
  readonly open: (passphrase: Passphrase) => Promise<Parsed<Signer>>
}

/** Opens a key with the passphrase that the flags give; where they give none and it needs one, a person at the terminal is asked. */
async function openWithPassphrase(
  { terminal }: Context,
  flags: KeyFlags,
  { file, kind, open }: KeyFile,
): Promise<{ readonly signer: Signer; readonly passphrase: Passphrase }> {
  const given = await readPassphrase(terminal, flags)
  const opened = await open(given)
  const isMissing = !opened.ok && opened.issues.some(({ message }) => message === MISSING)
  const asked = isMissing && !flags.asKritis ? await terminal.askSecret(`Passphrase of ${quote(file)}:`) : undefined
  if (asked === undefined) return { signer: accept(opened, { file, kind }), passphrase: given }
  return { signer: accept(await open({ passphrase: asked }), { file, kind }), passphrase: { passphrase: asked } }
}

/** What both kinds of signers say of a key that they cannot read as it is. */
const MISSING = 'missing passphrase for encrypted private key'

async function readPassphrase(terminal: Terminal, { passphrase, passphraseFile, asKritis }: KeyFlags): Promise<Passphrase> {
  if (passphraseFile !== undefined) return { passphrase: decode(await terminal.files.read(passphraseFile)).split(/\r?\n/)[0] ?? '' }
  if (passphrase === undefined) return {}
  if (!asKritis) terminal.say('WARNING: --pgp-passphrase can be read by every process of this machine: better write --passphrase-file FILE')
  return { passphrase }
}

function accept(parsed: Parsed<Signer>, { file, kind }: Pick<KeyFile, 'file' | 'kind'>): Signer {
  if (parsed.ok) return parsed.value
  const why = parsed.issues.map(({ message }) => message).join('; ')
  throw new SignerFault(`Cannot sign with ${quote(file)}: ${why}`, { exit: 255, text: `Creating ${kind} signer failed: ${why}` })
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}
