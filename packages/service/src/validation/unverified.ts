import type { UnverifiedAttestation, UnverifiedSignature } from '@countersign/core/attestation/attestation.ts'
import { isJsonObject, type JsonObject } from '@countersign/core/json-object.ts'
import type { StoredAttestation } from './ports.ts'

/** The attestation of a stored occurrence, as checkers take it. What the store's text lacks is empty, and then proves nothing. */
export function readStoredAttestation(stored: StoredAttestation): UnverifiedAttestation {
  const { name: occurrence, note, noteUid, resourceUri } = stored
  const message = membersOf(JSON.parse(stored.body))
  return { occurrence, note, noteUid, resourceUri, ...readAttestation(message['attestation']), receivedAt: Date.parse(stored.createTime) }
}

/** Payload, signatures and tokens of a Grafeas v1 `AttestationOccurrence` as proto3 JSON. */
export function readAttestation(message: unknown): Pick<UnverifiedAttestation, 'serializedPayload' | 'signatures' | 'jwts'> {
  const attestation = membersOf(message)
  return {
    serializedPayload: bytesOf(attestation['serializedPayload']),
    signatures: listOf(attestation['signatures']).map(readSignature),
    jwts: listOf(attestation['jwts']).map((jwt) => textOf(membersOf(jwt)['compactJwt'])),
  }
}

function readSignature(value: unknown): UnverifiedSignature {
  const signature = membersOf(value)
  return { publicKeyId: textOf(signature['publicKeyId']), signature: bytesOf(signature['signature']) }
}

function membersOf(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {}
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function bytesOf(value: unknown): Uint8Array {
  return Buffer.from(textOf(value), 'base64')
}
