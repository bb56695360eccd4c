import { StatusError } from '@countersign/core/status.ts'
import type { AttestationWeight, OccurrenceTables, StoredOccurrence } from './ports.ts'

/** RESOURCE_EXHAUSTED where one more attestation of its digest would be too many, or too long together, for a gate to read at once. */
export async function refuseFlood(
  tables: OccurrenceTables,
  { noteUid, note, digest, body }: StoredOccurrence,
  most: AttestationWeight,
): Promise<void> {
  if (digest === undefined) return
  const weight = await tables.weighAttestations(noteUid, digest)
  const isLight = weight.count < most.count && weight.bytes + Buffer.byteLength(body) <= most.bytes
  if (!isLight) throw flooded({ note, digest }, weight, most)
}

/** The same for an update, which adds nothing but length. */
export async function refuseOverweight(
  tables: OccurrenceTables,
  { stored, occurrence }: { readonly stored: StoredOccurrence; readonly occurrence: StoredOccurrence },
  most: AttestationWeight,
): Promise<void> {
  const more = Buffer.byteLength(occurrence.body) - Buffer.byteLength(stored.body)
  if (stored.digest === undefined || more <= 0) return
  const weight = await tables.weighAttestations(stored.noteUid, stored.digest)
  if (weight.bytes + more > most.bytes) throw flooded(stored, weight, most)
}

function flooded(
  { note, digest }: Pick<StoredOccurrence, 'note' | 'digest'>,
  { count, bytes }: AttestationWeight,
  most: AttestationWeight,
): StatusError {
  const expected = `expected at most ${most.count} with ${most.bytes} bytes; delete those that are not needed`
  return new StatusError(
    'RESOURCE_EXHAUSTED',
    `Cannot attach to note "${note}": ${count} attestations of ${digest} with ${bytes} bytes hang on it, ${expected}`,
  )
}
