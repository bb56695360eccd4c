import { constants, verify } from 'node:crypto'
import type { LoadedPkixKey } from './pkix-key.ts'

/**
 * Whether a raw detached signature by this key holds over exactly these bytes. False for everything malformed.
 *
 * ECDSA signatures are ASN.1 DER. For PSS node:crypto by itself takes any salt length; we take two: the digest's length (Cloud KMS,
 * gcloud, us) and the maximum (kritis), so that a signature has no third spelling (dependencies.md §3.3).
 */
export function verifyPkixSignature(key: LoadedPkixKey, data: Uint8Array, signature: Uint8Array): boolean {
  const { scheme, keyObject } = key
  try {
    switch (scheme.family) {
      case 'RSA_PKCS1':
        return verify(scheme.hash, data, { key: keyObject, padding: constants.RSA_PKCS1_PADDING }, signature)
      case 'RSA_PSS': {
        const maximum = Math.ceil((scheme.modulusBits - 1) / 8) - scheme.hashBytes - 2
        return [scheme.hashBytes, maximum].some((saltLength) =>
          verify(scheme.hash, data, { key: keyObject, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }, signature),
        )
      }
      case 'ECDSA':
        return verify(scheme.hash, data, { key: keyObject, dsaEncoding: 'der' }, signature)
      case 'ML_DSA':
        return verify(null, data, keyObject, signature)
    }
  } catch {
    // OpenSSL throws on some malformed signatures instead of answering; either way nothing was proved.
    return false
  }
}
