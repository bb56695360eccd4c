import type { Instant } from '@countersign/core/instant.ts'
import type { Parsed } from '@countersign/core/parsed.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { PrivateKey } from 'openpgp'
import type { OpenPgp } from '../pgp/library.ts'
import { loadOpenPgp } from '../pgp/library.ts'
import { messageOf } from '../verdict.ts'
import type { Signer } from './signer.ts'

/** ATTACHED is what `gpg --armor --sign` makes, and what every verifier of the original's family takes. */
export type PgpForm = 'ATTACHED' | 'CLEAR_SIGNED' | 'DETACHED'

export interface PgpSigningKey {
  /** What `gpg --armor --export-secret-keys KEY` prints: one key with its subkeys. */
  readonly armoredPrivateKey: string
  readonly passphrase?: string
  readonly form?: PgpForm
  /** The clock for the signature's own time. */
  readonly now: () => Instant
}

/** Opens a PGP secret key as a signer; its id is the primary key's fingerprint. A signing subkey is used where the key has one. */
export async function openPgpSigner(input: PgpSigningKey): Promise<Parsed<Signer>> {
  const library = await loadOpenPgp()
  const key = await readSecretKey(library, input)
  if (typeof key === 'string') return { ok: false, issues: [{ path: ['armoredPrivateKey'], message: key }] }
  const publicKeyId = key.getFingerprint().toUpperCase()
  const form = input.form ?? 'ATTACHED'
  return { ok: true, value: { publicKeyId, sign: (payload) => signAs(library, key, form, { payload, date: new Date(input.now()) }) } }
}

async function readSecretKey(library: OpenPgp, input: PgpSigningKey): Promise<PrivateKey | string> {
  try {
    const keys = await library.readPrivateKeys({ armoredKeys: input.armoredPrivateKey })
    const [key, ...more] = keys
    if (key === undefined || more.length > 0) return `expected 1 key in keyring, got ${keys.length}`
    const { curve } = key.getAlgorithmInfo()
    if (curve?.startsWith('brainpool')) return `The key uses ${curve}, with which only gpg can sign: gpg --armor --sign PAYLOAD`
    if (key.isDecrypted()) return key
    if (input.passphrase === undefined) return 'missing passphrase for encrypted private key'
    return await library.decryptKey({ privateKey: key, passphrase: input.passphrase }).catch(() => 'could not decrypt private key')
  } catch (error) {
    return `Cannot read the PGP secret key: ${messageOf(error)}; expected what gpg --armor --export-secret-keys KEY prints`
  }
}

interface Work {
  readonly payload: Uint8Array
  readonly date: Date
}

async function signAs(library: OpenPgp, key: PrivateKey, form: PgpForm, { payload, date }: Work): Promise<Uint8Array> {
  try {
    return new TextEncoder().encode(await signArmored(library, key, form, { payload, date }))
  } catch (error) {
    throw new StatusError('FAILED_PRECONDITION', `Cannot sign with PGP key ${key.getFingerprint().toUpperCase()}: ${messageOf(error)}`, {
      cause: error,
    })
  }
}

async function signArmored(library: OpenPgp, key: PrivateKey, form: PgpForm, { payload, date }: Work): Promise<string> {
  if (form === 'CLEAR_SIGNED') {
    const text = Buffer.from(payload).toString('utf8').replace(/\n$/, '')
    const signed = await library.sign({ message: await library.createCleartextMessage({ text }), signingKeys: key, date })
    // The library ends the text's own lines with CRLF and all others with LF; gpg writes LF only.
    return signed.replaceAll('\r\n', '\n')
  }
  const message = await library.createMessage({ binary: payload })
  return String(await library.sign({ message, signingKeys: key, detached: form === 'DETACHED', date }))
}
