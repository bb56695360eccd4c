import type { LoadedPkixKey } from '../key/pkix-key.ts'
import { verifyPkixSignature } from '../key/pkix-signature.ts'
import { MAX_PAYLOAD_BYTES, parseSignaturePayload } from '../payload/signature-payload.ts'
import { checkPgpSignature } from '../pgp/pgp-signature.ts'
import type { SignatureVerdict } from '../verdict.ts'
import { reject } from '../verdict.ts'
import type { LoadedKey } from './loaded-keys.ts'

/** The largest honest signature is an armored PGP message around a payload. */
export const MAX_SIGNATURE_BYTES = 65_536

/**
 * What one signature by one key proves over one payload. Never throws: whatever is malformed is a verdict. Looks at no clock: windows, expiry and revocation
 * travel in the fact.
 */
export function checkSignature(payload: Uint8Array, signature: Uint8Array, key: LoadedKey): SignatureVerdict {
  if (key.kind === 'UNUSABLE') return reject(key.cause, key.reason)
  const oversized = findOversized(payload, signature)
  if (oversized !== undefined) return reject('TOO_LARGE', oversized)
  if (signature.length === 0) return reject('NO_SIGNATURE', 'The signature is empty')
  return key.kind === 'PKIX' ? checkPkixSignature(payload, signature, key) : checkPgpSignature(payload, signature, key)
}

function findOversized(payload: Uint8Array, signature: Uint8Array): string | undefined {
  if (payload.length > MAX_PAYLOAD_BYTES) return `The payload has ${payload.length} bytes, expected at most ${MAX_PAYLOAD_BYTES}`
  if (signature.length > MAX_SIGNATURE_BYTES) return `The signature has ${signature.length} bytes, expected at most ${MAX_SIGNATURE_BYTES}`
  return undefined
}

function checkPkixSignature(payload: Uint8Array, signature: Uint8Array, key: LoadedPkixKey): SignatureVerdict {
  if (!verifyPkixSignature(key, payload, signature)) return reject('BAD_SIGNATURE', explainBad(signature, key))
  const parsed = parseSignaturePayload(payload)
  if (!parsed.ok) return parsed
  const { digest, expiresAt } = parsed
  return { ok: true, fact: { digest, ...(expiresAt !== undefined && { expiresAt }) } }
}

/** The most common mistake is a signature encoded in base64 twice (binary-authorization.md §3.3): say so. */
function explainBad(signature: Uint8Array, key: LoadedPkixKey): string {
  const plain = `The signature by ${key.algorithm} does not hold over the serializedPayload`
  const looksEncoded = signature.length >= 64 && /^[A-Za-z0-9+/_\r\n-]+={0,2}$/.test(Buffer.from(signature).toString('latin1').trim())
  return looksEncoded ? `${plain}: its bytes are base64 text, so it was probably encoded twice` : plain
}
