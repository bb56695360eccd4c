import { findMissing, within } from './fault.ts'
import type { Message } from './message.ts'
import { isMessage, listOf, textOf } from './message.ts'

const MAX_PAYLOAD_BYTES = 64 * 1024
const MAX_SIGNATURE_BYTES = 64 * 1024
/** As many as a check looks at; one with more would prove nothing. */
const MAX_SIGNATURES = 16
const MAX_KEY_ID = 2048
const MAX_JWTS = 16
const PGP_BEGIN = Buffer.from('-----BEGIN PGP ')

/** The faults of an attestation note (kritis-and-grafeas.md §4.6): a hint, where there is one, has a name. */
export function findAttestationNoteFaults({ hint }: Message): readonly string[] {
  return isMessage(hint) ? within('hint.', findMissing(hint, ['humanReadableName'])) : []
}

/** The faults of an attestation occurrence (§4.6), bounds included. */
export function findAttestationFaults(attestation: Message): readonly string[] {
  const payload = bytesOf(attestation['serializedPayload'])
  const signatures = listOf(attestation['signatures'])
  const jwts = listOf(attestation['jwts'])
  const faults: string[] = []
  if (payload.length === 0 && jwts.length === 0 && !holdPayload(signatures)) faults.push('one of "serialized payload" or "jwts" is required')
  if (payload.length > MAX_PAYLOAD_BYTES) faults.push(`serialized_payload has ${payload.length} bytes, expected at most ${MAX_PAYLOAD_BYTES}`)
  if (signatures.length > MAX_SIGNATURES) faults.push(`signatures has ${signatures.length} elements, expected at most ${MAX_SIGNATURES}`)
  if (jwts.length > MAX_JWTS) faults.push(`jwts has ${jwts.length} elements, expected at most ${MAX_JWTS}`)
  return [...faults, ...new Set(signatures.slice(0, MAX_SIGNATURES).flatMap(findSignatureFaults))]
}

function findSignatureFaults(value: unknown): readonly string[] {
  const signature = isMessage(value) ? value : {}
  const keyId = textOf(signature['publicKeyId'])
  const bytes = bytesOf(signature['signature'])
  const faults: string[] = []
  if (keyId === '') faults.push('signatures.public key ID is required')
  if (keyId.length > MAX_KEY_ID) faults.push(`signatures.public key ID has ${keyId.length} characters, expected at most ${MAX_KEY_ID}`)
  if (bytes.length === 0) faults.push('signatures.signature is required')
  if (bytes.length > MAX_SIGNATURE_BYTES) faults.push(`signatures.signature has ${bytes.length} bytes, expected at most ${MAX_SIGNATURE_BYTES}`)
  return faults
}

/** kritis' PGP attestations have no payload beside the signature: the armored message holds it (kritis-and-grafeas.md §4.5). */
function holdPayload(signatures: readonly unknown[]): boolean {
  const armored = (value: unknown): boolean => isMessage(value) && bytesOf(value['signature']).subarray(0, PGP_BEGIN.length).equals(PGP_BEGIN)
  return signatures.length > 0 && signatures.every(armored)
}

function bytesOf(value: unknown): Buffer {
  return Buffer.from(textOf(value), 'base64')
}
