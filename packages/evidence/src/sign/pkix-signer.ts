import type { KeyObject } from 'node:crypto'
import { constants, createPrivateKey, createPublicKey, sign } from 'node:crypto'
import type { Parsed } from '@countersign/core/parsed.ts'
import { quote } from '@countersign/core/quote.ts'
import type { SignatureScheme } from '../key/algorithm.ts'
import { parseSignatureAlgorithm, SCHEMES } from '../key/algorithm.ts'
import { pkixKeyId } from '../key/key-id.ts'
import { algorithmsFor, describeKey, describeScheme } from '../key/pkix-key.ts'
import type { Signer } from './signer.ts'

export interface PkixSigningKey {
  /** PKCS#8 (also encrypted), PKCS#1 or SEC1. */
  readonly privateKeyPem: string
  readonly passphrase?: string
  /** Any spelling that `parseSignatureAlgorithm` knows. */
  readonly signatureAlgorithm: string
  /** By default the `ni:` digest of the public key. */
  readonly publicKeyId?: string
}

/**
 * Opens a private key as a signer. Signatures are raw and detached; ECDSA's are DER, PSS' salt is as long as the digest (what Cloud KMS writes, and every verifier takes).
 */
export function openPkixSigner(input: PkixSigningKey): Parsed<Signer> {
  const algorithm = parseSignatureAlgorithm(input.signatureAlgorithm)
  if (algorithm === undefined) return wrong('signatureAlgorithm', `Signature algorithm ${quote(input.signatureAlgorithm)} is not known`)
  const key = readPrivateKey(input)
  if (typeof key === 'string') return wrong('privateKeyPem', key)
  const scheme = SCHEMES[algorithm]
  if (describeKey(key) !== describeScheme(scheme)) {
    const names = algorithmsFor(key).join(', ') || 'no algorithm of attestors'
    return wrong(
      'signatureAlgorithm',
      `The private key is ${describeKey(key)}, but ${algorithm} needs ${describeScheme(scheme)}; this key can have ${names}`,
    )
  }
  const publicKeyId = input.publicKeyId ?? pkixKeyId(createPublicKey(key).export({ format: 'der', type: 'spki' }))
  return { ok: true, value: { publicKeyId, sign: async (payload) => signRaw(scheme, key, payload) } }
}

function signRaw(scheme: SignatureScheme, key: KeyObject, payload: Uint8Array): Uint8Array {
  switch (scheme.family) {
    case 'RSA_PKCS1':
      return sign(scheme.hash, payload, { key, padding: constants.RSA_PKCS1_PADDING })
    case 'RSA_PSS':
      return sign(scheme.hash, payload, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: scheme.hashBytes })
    case 'ECDSA':
      return sign(scheme.hash, payload, { key, dsaEncoding: 'der' })
    case 'ML_DSA':
      return sign(null, payload, key)
  }
}

function readPrivateKey(input: PkixSigningKey): KeyObject | string {
  const passphrase = input.passphrase === undefined ? {} : { passphrase: input.passphrase }
  try {
    return createPrivateKey({ key: input.privateKeyPem, format: 'pem', ...passphrase })
  } catch {
    return explain(input)
  }
}

/** Of a passphrase that is missing Node's error says that something was interrupted; the text itself tells. */
function explain({ privateKeyPem, passphrase }: PkixSigningKey): string {
  if (privateKeyPem.includes('-----BEGIN PUBLIC KEY-----')) return 'This is a public key, expected the private one'
  if (!/ENCRYPTED/.test(privateKeyPem)) return 'Cannot read the private key, expected PEM: PKCS#8, PKCS#1 or SEC1'
  if (passphrase === undefined) return 'missing passphrase for encrypted private key'
  return 'could not decrypt private key: wrong passphrase, or a cipher that is not supported'
}

function wrong(field: string, message: string): Parsed<never> {
  return { ok: false, issues: [{ path: [field], message }] }
}
