import type { KeyObject } from 'node:crypto'
import { createPublicKey } from 'node:crypto'
import type { RejectionCause } from '@countersign/core/attestation/attestation.ts'
import type { PkixAttestorKey } from '@countersign/core/attestation/attestor.ts'
import { sha256Hex } from '../record/hash.ts'
import type { DeclaredAlgorithm, SignatureScheme } from './algorithm.ts'
import { SCHEMES } from './algorithm.ts'
import { readPublicKeyPem } from './pem.ts'

/** A PKIX key, parsed and found to be what it declares. Parsing costs more than many verifications: keep it. */
export interface LoadedPkixKey {
  readonly kind: 'PKIX'
  readonly id: string
  readonly algorithm: DeclaredAlgorithm
  readonly scheme: SignatureScheme
  readonly keyObject: KeyObject
  /** DER SubjectPublicKeyInfo, as given. */
  readonly der: Uint8Array
  /** Names the exact key and how it verifies: part of the key under which facts are cached. */
  readonly fingerprint: string
}

/** A key that verifies nothing. `cause` is what each of its signatures is rejected with. */
export interface UnusableKey {
  readonly kind: 'UNUSABLE'
  readonly id: string
  readonly cause: RejectionCause
  readonly reason: string
}

/**
 * Loads a PKIX key. Key type, curve and modulus size must be those of the declared algorithm (binary-authorization.md §2.2): node:crypto
 * itself would take ECDSA P-256 with SHA-512, or any RSA key under any label.
 */
export function loadPkixKey(key: PkixAttestorKey): LoadedPkixKey | UnusableKey {
  const { id, signatureAlgorithm: algorithm } = key
  const body = readPublicKeyPem(key.publicKeyPem)
  if (!body.ok) return unusable(id, 'UNUSABLE_KEY', `The public key cannot be read: ${body.reason}`)
  if (algorithm === 'SIGNATURE_ALGORITHM_UNSPECIFIED' || !Object.hasOwn(SCHEMES, algorithm)) {
    return unusable(id, 'UNUSABLE_KEY', 'The public key declares no signature algorithm')
  }
  const keyObject = readKeyObject(body.der)
  if (keyObject === undefined) return unusable(id, 'UNUSABLE_KEY', 'The public key cannot be read: it is not a SubjectPublicKeyInfo of a known kind')
  const scheme = SCHEMES[algorithm]
  const found = describeKey(keyObject)
  if (found !== describeScheme(scheme)) {
    return unusable(id, 'ALGORITHM_MISMATCH', `The public key is ${found}, but ${algorithm} needs ${describeScheme(scheme)}`)
  }
  if (!hasSoundExponent(keyObject)) return unusable(id, 'UNUSABLE_KEY', 'The public key has an RSA exponent that protects nothing, expected 65537')
  return { kind: 'PKIX', id, algorithm, scheme, keyObject, der: body.der, fingerprint: `pkix:${algorithm}:${sha256Hex(body.der)}` }
}

/** What a public or private key is, in the words of the algorithm table: `RSA 2048`, `EC prime256v1`, `ml-dsa-65`. */
export function describeKey(key: KeyObject): string {
  const { modulusLength = 0, namedCurve = 'of no named curve' } = key.asymmetricKeyDetails ?? {}
  if (key.asymmetricKeyType === 'rsa') return `RSA ${modulusLength}`
  if (key.asymmetricKeyType === 'ec') return `EC ${namedCurve}`
  return key.asymmetricKeyType ?? 'unknown'
}

/** What keys a scheme takes, in the words of `describeKey`. */
export function describeScheme(scheme: SignatureScheme): string {
  switch (scheme.family) {
    case 'RSA_PSS':
    case 'RSA_PKCS1':
      return `RSA ${scheme.modulusBits}`
    case 'ECDSA':
      return `EC ${scheme.curve}`
    case 'ML_DSA':
      return scheme.keyType
  }
}

/** The algorithms that a key can carry, in the table's order: what a wrong declaration could have been. */
export function algorithmsFor(key: KeyObject): readonly DeclaredAlgorithm[] {
  const found = describeKey(key)
  return (Object.keys(SCHEMES) as DeclaredAlgorithm[]).filter((name) => describeScheme(SCHEMES[name]) === found)
}

function readKeyObject(der: Uint8Array): KeyObject | undefined {
  try {
    return createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' })
  } catch {
    return undefined
  }
}

/** With exponent 1 every message is its own signature; even ones are not RSA; huge ones cost an hour. */
function hasSoundExponent(key: KeyObject): boolean {
  const exponent = key.asymmetricKeyDetails?.publicExponent
  return exponent === undefined || (exponent >= 3n && exponent % 2n === 1n && exponent < 2n ** 33n)
}

function unusable(id: string, cause: RejectionCause, reason: string): UnusableKey {
  return { kind: 'UNUSABLE', id, cause, reason }
}
