import type { KeyObject } from 'node:crypto'
import { createPublicKey } from 'node:crypto'

/** A PGP key's numbers as a key of node:crypto, which verifies ten times faster than the library and knows more curves. */
export interface VerifyingKey {
  /** RFC 9580 §9.1: 1 and 3 RSA, 19 ECDSA, 22 EdDSA (old form), 27 Ed25519, 28 Ed448. */
  readonly algorithm: number
  readonly keyObject: KeyObject
  /** Length of one number of a signature: the modulus for RSA, a coordinate for curves. */
  readonly numberBytes: number
}

/** A multiprecision integer: its bytes, and what follows it. */
export interface ReadMpi {
  readonly value: Uint8Array
  readonly rest: Uint8Array
}

const RSA = [1, 3]
const ECDSA = 19
const EDDSA_LEGACY = 22
const ED25519 = 27
const ED448 = 28
const EC_PUBLIC_KEY = Buffer.from('06072a8648ce3d0201', 'hex')
const OID_ED25519_LEGACY = '2b06010401da470f01'

/** Reads the body of a version 4 public key or subkey packet. Undefined for keys that cannot sign, and for what is malformed. */
export function readVerifyingKey(body: Uint8Array): VerifyingKey | undefined {
  const algorithm = body[5] ?? 0
  try {
    return readParameters(algorithm, body.subarray(6))
  } catch {
    return undefined
  }
}

/** Reads a multiprecision integer (RFC 9580 §3.2): its length in bits in two octets, then its octets. Undefined where it is cut short. */
export function readMpi(bytes: Uint8Array): ReadMpi | undefined {
  const bits = ((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0)
  const end = 2 + Math.ceil(bits / 8)
  return bytes.length < end || bytes.length < 2 ? undefined : { value: bytes.subarray(2, end), rest: bytes.subarray(end) }
}

function readParameters(algorithm: number, parameters: Uint8Array): VerifyingKey | undefined {
  if (RSA.includes(algorithm)) return readRsa(algorithm, parameters)
  if (algorithm === ECDSA || algorithm === EDDSA_LEGACY) return readCurve(algorithm, parameters)
  if (algorithm === ED25519) return edwards(algorithm, 'Ed25519', parameters.subarray(0, 32))
  return algorithm === ED448 ? edwards(algorithm, 'Ed448', parameters.subarray(0, 57)) : undefined
}

function readRsa(algorithm: number, parameters: Uint8Array): VerifyingKey | undefined {
  const modulus = readMpi(parameters)
  const exponent = modulus && readMpi(modulus.rest)
  if (modulus === undefined || exponent === undefined) return undefined
  const jwk = { kty: 'RSA', n: base64url(modulus.value), e: base64url(exponent.value) }
  const keyObject = createPublicKey({ key: jwk, format: 'jwk' })
  const { publicExponent = 0n } = keyObject.asymmetricKeyDetails ?? {}
  const sound = publicExponent >= 3n && publicExponent % 2n === 1n && publicExponent < 2n ** 33n
  return sound ? { algorithm, keyObject, numberBytes: modulus.value.length } : undefined
}

function readCurve(algorithm: number, parameters: Uint8Array): VerifyingKey | undefined {
  const oidEnd = 1 + (parameters[0] ?? 0)
  const oid = parameters.subarray(1, oidEnd)
  const point = readMpi(parameters.subarray(oidEnd))?.value
  if (point === undefined) return undefined
  if (algorithm === EDDSA_LEGACY) {
    const native = Buffer.from(oid).toString('hex') === OID_ED25519_LEGACY && point[0] === 0x40 && point.length === 33
    return native ? edwards(algorithm, 'Ed25519', point.subarray(1)) : undefined
  }
  const der = encodeDer(0x30, encodeDer(0x30, EC_PUBLIC_KEY, encodeDer(0x06, oid)), encodeDer(0x03, Buffer.of(0), point))
  return { algorithm, keyObject: createPublicKey({ key: der, format: 'der', type: 'spki' }), numberBytes: (point.length - 1) / 2 }
}

function edwards(algorithm: number, crv: 'Ed25519' | 'Ed448', point: Uint8Array): VerifyingKey {
  const keyObject = createPublicKey({ key: { kty: 'OKP', crv, x: base64url(point) }, format: 'jwk' })
  return { algorithm, keyObject, numberBytes: point.length }
}

function encodeDer(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts)
  const length =
    body.length < 0x80
      ? Buffer.of(body.length)
      : body.length < 0x100
        ? Buffer.of(0x81, body.length)
        : Buffer.of(0x82, body.length >> 8, body.length & 0xff)
  return Buffer.concat([Buffer.of(tag), length, body])
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}
