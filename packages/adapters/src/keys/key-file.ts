import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import type { Parsed } from '@countersign/core/parsed.ts'
import { quote } from '@countersign/core/quote.ts'
import { algorithmsFor } from '@countersign/evidence/key/pkix-key.ts'
import { openPkixSigner } from '@countersign/evidence/sign/pkix-signer.ts'
import type { Signer } from '@countersign/evidence/sign/signer.ts'
import type { KeyOptions, KeySurroundings, OpenedKey } from './opened-key.ts'
import { KeyRefusal } from './refusal.ts'

/** Opens a key file: a PGP secret key or a private key in PEM, as its own first line says. */
export async function openKeyFile(path: string, options: KeyOptions, surroundings: KeySurroundings): Promise<OpenedKey> {
  const text = decode(await surroundings.readFile(path))
  const open = text.includes('-----BEGIN PGP ') ? openPgpFile : openPkixFile
  return await open(path, options, { ...surroundings, readFile: async () => Buffer.from(text) })
}

/** Opens what `gpg --armor --export-secret-keys KEY` printed. A passphrase that nobody gave is asked for at a terminal. */
export async function openPgpFile(path: string, options: KeyOptions, surroundings: KeySurroundings): Promise<OpenedKey> {
  const armoredPrivateKey = decode(await surroundings.readFile(path))
  const { openPgpSigner } = await import('@countersign/evidence/sign/pgp-signer.ts')
  const open = async (given: Passphrase): Promise<Parsed<Signer>> => await openPgpSigner({ armoredPrivateKey, ...given, now: surroundings.now })
  const { signer } = await openWithPassphrase({ path, open }, options, surroundings)
  const { loadOpenPgp } = await import('@countersign/evidence/pgp/library.ts')
  const key = await (await loadOpenPgp()).readPrivateKey({ armoredKey: armoredPrivateKey })
  return { signer, publicKey: { type: 'PGP', id: signer.publicKeyId, asciiArmored: key.toPublic().armor() } }
}

/** Opens a private key in PEM: PKCS#8, encrypted or not, PKCS#1 or SEC1. Without an algorithm it signs with the first that fits it. */
export async function openPkixFile(path: string, options: KeyOptions, surroundings: KeySurroundings): Promise<OpenedKey> {
  const privateKeyPem = decode(await surroundings.readFile(path))
  const id = options.publicKeyId === undefined ? {} : { publicKeyId: options.publicKeyId }
  const open = async (given: Passphrase): Promise<Parsed<Signer>> =>
    openPkixSigner({ privateKeyPem, ...given, ...id, signatureAlgorithm: options.algorithm ?? firstAlgorithm(privateKeyPem, given) })
  const { signer, passphrase } = await openWithPassphrase({ path, open }, options, surroundings)
  const publicKeyPem = publicHalf(privateKeyPem, passphrase).export({ type: 'spki', format: 'pem' }).toString()
  const signatureAlgorithm = options.algorithm ?? firstAlgorithm(privateKeyPem, passphrase)
  return { signer, publicKey: { type: 'PKIX', id: signer.publicKeyId, publicKeyPem, signatureAlgorithm } }
}

interface Passphrase {
  readonly passphrase?: string
}

interface Locked {
  readonly path: string
  readonly open: (passphrase: Passphrase) => Promise<Parsed<Signer>>
}

/** What both kinds of signers say of a key that they cannot read as it is. */
const MISSING = 'missing passphrase for encrypted private key'

async function openWithPassphrase(
  { path, open }: Locked,
  { passphrase }: KeyOptions,
  { askSecret }: KeySurroundings,
): Promise<{ readonly signer: Signer; readonly passphrase: Passphrase }> {
  const given = passphrase === undefined ? {} : { passphrase }
  const opened = await open(given)
  const isMissing = !opened.ok && opened.issues.some(({ message }) => message === MISSING)
  const asked = isMissing ? await askSecret(`Passphrase of ${quote(path)}:`) : undefined
  if (asked === undefined) return { signer: accept(opened, path), passphrase: given }
  return { signer: accept(await open({ passphrase: asked }), path), passphrase: { passphrase: asked } }
}

function accept(parsed: Parsed<Signer>, path: string): Signer {
  if (parsed.ok) return parsed.value
  throw new KeyRefusal('INVALID_ARGUMENT', { key: path, reason: parsed.issues.map(({ message }) => message).join('; ') })
}

function publicHalf(privateKeyPem: string, passphrase: Passphrase): KeyObject {
  return createPublicKey(createPrivateKey({ key: privateKeyPem, format: 'pem', ...passphrase }))
}

/** A key that cannot be read has none: the signer says why. One that fits no algorithm is told so by the first of all. */
function firstAlgorithm(privateKeyPem: string, passphrase: Passphrase): NonNullable<KeyOptions['algorithm']> {
  try {
    return algorithmsFor(publicHalf(privateKeyPem, passphrase))[0] ?? 'ECDSA_P256_SHA256'
  } catch {
    return 'ECDSA_P256_SHA256'
  }
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}
