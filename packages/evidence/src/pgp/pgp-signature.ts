import type { SignatureFact } from '@countersign/core/attestation/attestation.ts'
import { parseSignaturePayload } from '../payload/signature-payload.ts'
import type { SignatureVerdict } from '../verdict.ts'
import { reject } from '../verdict.ts'
import type { SigningKey } from './certificate.ts'
import type { SignedMessage } from './message.ts'
import { readSignedMessage } from './message.ts'
import type { LoadedPgpKey } from './pgp-key.ts'
import type { ParsedSignature } from './signature-packet.ts'
import { findSignatureFault } from './signature-packet.ts'

const BINARY = 0x00
const TEXT = 0x01
const HASH_NAMES: Readonly<Record<number, string>> = { 8: 'SHA256', 9: 'SHA384', 10: 'SHA512', 11: 'SHA224', 12: 'SHA3-256', 14: 'SHA3-512' }

/**
 * Checks a PGP signature, in any of its three forms, by any key of the block that may sign.
 *
 * Order matters: first the signature over the exact bytes, then their equality with the stored payload, then their meaning. Where a payload
 * is stored, what the message carries must be the same, so that no reader of the attestation sees anything but what was signed; where none is
 * (kritis), the carried text is the payload. Expiry and revocation do not reject here: they travel in the fact, and the law judges them.
 */
export function checkPgpSignature(payload: Uint8Array, signature: Uint8Array, key: LoadedPgpKey): SignatureVerdict {
  const read = readSignedMessage(key.library, signature)
  if (!read.ok) return reject(read.cause, read.reason)
  const { message } = read
  const data = signedBytes(message, payload)
  if (data.length === 0) return reject('PAYLOAD_DIFFERS', 'The signature covers an empty text')
  let failure = reject('UNKNOWN_KEY', explainStrangers(message.signatures, key))
  for (const parsed of message.signatures) {
    for (const signer of key.signingKeys.get(keyIdOf(parsed)) ?? []) {
      const fault = findFormFault(parsed, message) ?? findSignatureFault(parsed, signer.key, canonicalBytes(parsed, data), 'MESSAGE')
      if (fault === undefined) return conclude(message, payload, parsed, signer)
      failure = reject('BAD_SIGNATURE', `The signature by key ${signer.fingerprint} does not hold: ${fault}`)
    }
  }
  return failure
}

function signedBytes(message: SignedMessage, payload: Uint8Array): Uint8Array {
  switch (message.form) {
    case 'ATTACHED':
      return message.data
    case 'CLEAR_SIGNED':
      return new TextEncoder().encode(message.lines.join('\r\n'))
    case 'DETACHED':
      return payload
  }
}

function findFormFault(signature: ParsedSignature, message: SignedMessage): string | undefined {
  const { signatureType, hashAlgorithm } = signature.fields
  if (message.form === 'CLEAR_SIGNED') {
    if (signatureType !== TEXT) return 'it is not one over text'
    const named = message.hashes.length === 0 || message.hashes.includes(HASH_NAMES[hashAlgorithm ?? -1] ?? '')
    return named ? undefined : 'the Hash header does not name its hash'
  }
  return signatureType === BINARY || signatureType === TEXT ? undefined : `it is of type ${signatureType}, expected one over a document`
}

/** A signature over text covers it with CRLF as line breaks, whatever they were. */
function canonicalBytes(signature: ParsedSignature, data: Uint8Array): Uint8Array {
  return signature.fields.signatureType === TEXT ? Buffer.from(textOf(data).replaceAll('\n', '\r\n'), 'latin1') : data
}

function conclude(message: SignedMessage, payload: Uint8Array, signature: ParsedSignature, signer: SigningKey): SignatureVerdict {
  if (payload.length > 0 && !carriesPayload(message, signature, payload)) {
    return reject('PAYLOAD_DIFFERS', 'The text inside the signature is not the serializedPayload beside it')
  }
  const parsed = parseSignaturePayload(payload.length > 0 ? payload : signedBytes(message, payload))
  if (!parsed.ok) return parsed
  const signedAt = signature.fields.created?.getTime() ?? 0
  if (signedAt < signer.notBefore) return reject('KEY_NOT_YET_VALID', 'The signature is older than the key that made it')
  const expiry = signature.fields.getExpirationTime()
  const expiresAt = Math.min(parsed.expiresAt ?? Number.POSITIVE_INFINITY, Number(expiry))
  const fact: SignatureFact = {
    digest: parsed.digest,
    signedAt,
    ...(Number.isFinite(expiresAt) && { expiresAt }),
    keyNotBefore: signer.notBefore,
    ...(signer.notAfter !== undefined && { keyNotAfter: signer.notAfter }),
    ...(signer.revocation !== undefined && { revocation: signer.revocation }),
  }
  return { ok: true, fact }
}

/**
 * A signature over text (`--textmode`, clear-signed) holds for any kind of line break, and a clear-signed text has no last one of its own: these two may
 * differ. They are blanks to JSON. Otherwise every byte counts.
 */
function carriesPayload(message: SignedMessage, signature: ParsedSignature, payload: Uint8Array): boolean {
  switch (message.form) {
    case 'ATTACHED':
      return Buffer.compare(message.data, payload) === 0 || (signature.fields.signatureType === TEXT && textOf(message.data) === textOf(payload))
    case 'CLEAR_SIGNED': {
      const signed = textOf(new TextEncoder().encode(message.lines.join('\n')))
      return textOf(payload) === signed || textOf(payload) === `${signed}\n`
    }
    case 'DETACHED':
      return true
  }
}

/** As Latin-1, in which no two different byte strings are the same text. */
function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1').replaceAll('\r\n', '\n')
}

function keyIdOf(signature: ParsedSignature): string {
  return signature.fields.issuerKeyID.toHex().toUpperCase()
}

function explainStrangers(signatures: readonly ParsedSignature[], key: LoadedPgpKey): string {
  const signers = [...new Set(signatures.map(keyIdOf))].join(', ')
  return `The message is signed by ${signers}, which is no signing key of ${key.id}`
}
