import { StatusError } from '@countersign/core/status.ts'
import type { AttestationWeight, OccurrenceTables, StoredOccurrence } from './ports.ts'

/*
 * A gate reads and verifies every attestation of a digest under a note at once, so they are bounded. Whoever may attach could fill such a bound with bogus
 * ones before the good one comes, and nothing tells here which will count: keys and policies change. So no writer may take more than its share, and
 * the others always find room (DESIGN §8: bogus attestations flood one digest).
 */
const SHARE_OF_ONE_WRITER = 1 / 4

/** RESOURCE_EXHAUSTED where one more attestation of its digest would be too many, or too long together, of all or of its writer. */
export async function refuseFlood(tables: OccurrenceTables, occurrence: StoredOccurrence, most: AttestationWeight): Promise<void> {
  await refuseBeyond(tables, occurrence, { most, more: { count: 1, bytes: Buffer.byteLength(occurrence.body) } })
}

/** The same for an update, which adds nothing but length; to its writer's share it adds all that another had written. */
export async function refuseOverweight(
  tables: OccurrenceTables,
  { stored, occurrence }: { readonly stored: StoredOccurrence; readonly occurrence: StoredOccurrence },
  most: AttestationWeight,
): Promise<void> {
  const length = Buffer.byteLength(occurrence.body)
  const more = { count: 0, bytes: length - Buffer.byteLength(stored.body) }
  const ofWriter = stored.writer === occurrence.writer ? more : { count: 1, bytes: length }
  await refuseBeyond(tables, occurrence, { most, more, ofWriter })
}

interface Bounds {
  readonly most: AttestationWeight
  readonly more: AttestationWeight
  /** What is added to the writer's share, where it is something else. */
  readonly ofWriter?: AttestationWeight
}

async function refuseBeyond(tables: OccurrenceTables, occurrence: StoredOccurrence, { most, more, ofWriter = more }: Bounds): Promise<void> {
  const { noteUid, note, digest, writer } = occurrence
  if (digest === undefined) return
  const all = await tables.weighAttestations(noteUid, digest)
  if (isBeyond(all, more, most)) throw flooded(`${describeWeight(all)} of ${digest} hang on it`, { note, most })
  if (writer === undefined) return
  const own = await tables.weighAttestations(noteUid, digest, writer)
  const share = { count: Math.ceil(most.count * SHARE_OF_ONE_WRITER), bytes: Math.ceil(most.bytes * SHARE_OF_ONE_WRITER) }
  if (isBeyond(own, ofWriter, share)) throw flooded(`${describeWeight(own)} of ${digest} that you wrote hang on it`, { note, most: share })
}

/** Nothing is refused for what it does not add to. */
function isBeyond(present: AttestationWeight, more: AttestationWeight, most: AttestationWeight): boolean {
  return (more.count > 0 && present.count + more.count > most.count) || (more.bytes > 0 && present.bytes + more.bytes > most.bytes)
}

function describeWeight({ count, bytes }: AttestationWeight): string {
  return `${count} attestations with ${bytes} bytes`
}

function flooded(present: string, { note, most }: { readonly note: string; readonly most: AttestationWeight }): StatusError {
  const expected = `expected at most ${most.count} with ${most.bytes} bytes; delete those that are not needed`
  return new StatusError('RESOURCE_EXHAUSTED', `Cannot attach to note "${note}": ${present}, ${expected}`)
}
