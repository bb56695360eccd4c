import { createHash } from 'node:crypto'
import type { NoteName } from '@countersign/core/name/resource-name.ts'
import { parseNoteName } from '@countersign/core/name/resource-name.ts'
import { StatusError } from '@countersign/core/status.ts'
import { formatCanonicalJson } from '@countersign/evidence/record/canonical-json.ts'
import { getValue } from '../changes/invalid.ts'
import type { Message } from './message.ts'
import { findDetails, isMessage, listOf, textOf } from './message.ts'
import { requireKept } from './note-body.ts'

const MAX_URI = 2048
const MAX_PAYLOAD_BYTES = 64 * 1024
const MAX_SIGNATURE_BYTES = 64 * 1024
/** As many as a check looks at; one with more would prove nothing. */
const MAX_SIGNATURES = 16
const MAX_KEY_ID = 2048
const MAX_JWTS = 16
const MAX_BYTES = 512 * 1024
const OUTPUT_ONLY: readonly string[] = ['name', 'kind', 'createTime', 'updateTime']
const PGP_BEGIN = Buffer.from('-----BEGIN PGP ')

/** An attestation occurrence as a client may write it. */
export interface OccurrenceBody {
  readonly kind: 'ATTESTATION'
  readonly note: NoteName
  readonly resourceUri: string
  readonly members: Message
}

/** The note that an occurrence hangs on, or INVALID_ARGUMENT with the reference server's text. */
export function acceptNoteReference(occurrence: Message): NoteName {
  return getValue(parseNoteName(textOf(occurrence['noteName'])))
}

/** What is wrong with an occurrence, in the reference server's words and order (kritis-and-grafeas.md §4.6). Empty: nothing. */
export function findOccurrenceFaults(occurrence: Message): readonly string[] {
  const uri = textOf(occurrence['resourceUri'])
  const details = findDetails(occurrence)
  const faults: string[] = []
  if (uri === '') faults.push('resource_uri is required')
  if (uri.length > MAX_URI) faults.push(`resource_uri has ${uri.length} characters, expected at most ${MAX_URI}`)
  if (hasControl(uri)) faults.push('resource_uri holds a control character or a space')
  if (details.length === 0) faults.push('details is required')
  if (details.length > 1) faults.push(`details is one of ${details.map(({ member }) => member).join(', ')}, expected exactly one`)
  const attestation = occurrence['attestation']
  if (isMessage(attestation)) faults.push(...findAttestationFaults(attestation).map((fault) => `attestation.${fault}`))
  return faults
}

/** Takes an occurrence whose faults are none. UNIMPLEMENTED for a kind that is not kept yet, INVALID_ARGUMENT for one that is too large. */
export function acceptOccurrenceBody(occurrence: Message): OccurrenceBody {
  requireKept(occurrence)
  const members = Object.fromEntries(Object.entries(occurrence).filter(([member]) => !OUTPUT_ONLY.includes(member)))
  refuseLong(members)
  return { kind: 'ATTESTATION', note: acceptNoteReference(occurrence), resourceUri: textOf(occurrence['resourceUri']), members }
}

/** INVALID_ARGUMENT for an occurrence that is longer than one may be, when it is created and whenever it is updated. */
export function refuseLong(occurrence: Message): void {
  const size = Buffer.byteLength(JSON.stringify(occurrence))
  if (size > MAX_BYTES) throw new StatusError('INVALID_ARGUMENT', `occurrence is invalid: [it has ${size} bytes, expected at most ${MAX_BYTES}]`)
}

/** What makes two occurrences the same: note (the one of this uid), resource URI and details, envelope included (DESIGN §13). */
export function hashContent(noteUid: string, occurrence: Message): string {
  const { resourceUri, attestation, envelope } = occurrence
  return createHash('sha256').update(formatCanonicalJson({ noteUid, resourceUri, attestation, envelope }), 'utf8').digest('hex')
}

function findAttestationFaults(attestation: Message): readonly string[] {
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

function hasControl(text: string): boolean {
  return /[\p{Cc}\s]/u.test(text)
}
