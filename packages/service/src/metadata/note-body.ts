import { StatusError } from '@countersign/core/status.ts'
import type { Message } from './message.ts'
import { findDetails, isMessage, textOf } from './message.ts'

const MAX_NOTE_BYTES = 64 * 1024
/** Members that the service writes, whatever a client sends. */
const OUTPUT_ONLY: readonly string[] = ['name', 'kind', 'createTime', 'updateTime']

/** A note as a client may write it: without what only the service writes. */
export interface NoteBody {
  readonly kind: 'ATTESTATION'
  readonly members: Message
}

/** What is wrong with a note, in the reference server's words and order (kritis-and-grafeas.md §4.6). Empty: nothing. */
export function findNoteFaults(note: Message): readonly string[] {
  const details = findDetails(note)
  if (details.length === 0) return ['type is required']
  if (details.length > 1) return [`type is one of ${details.map(({ member }) => member).join(', ')}, expected exactly one`]
  const authority = note['attestation']
  const hint = isMessage(authority) ? authority['hint'] : undefined
  const named = !isMessage(hint) || textOf(hint['humanReadableName']) !== ''
  return named ? [] : ['attestation_authority.hint.human_readable_name is required']
}

/** Takes a note whose faults are none. UNIMPLEMENTED for a kind that is not kept yet, INVALID_ARGUMENT for one that is too large. */
export function acceptNoteBody(note: Message): NoteBody {
  requireKept(note)
  const members = Object.fromEntries(Object.entries(note).filter(([member]) => !OUTPUT_ONLY.includes(member)))
  const size = Buffer.byteLength(JSON.stringify(members))
  if (size > MAX_NOTE_BYTES) throw new StatusError('INVALID_ARGUMENT', `note is invalid: [it has ${size} bytes, expected at most ${MAX_NOTE_BYTES}]`)
  return { kind: 'ATTESTATION', members }
}

/** Refuses details of a kind that this server does not keep. */
export function requireKept(message: Message): void {
  const other = findDetails(message).find(({ kind }) => kind !== 'ATTESTATION')
  if (other === undefined) return
  throw new StatusError('UNIMPLEMENTED', `Notes and occurrences of kind ${other.kind} are not kept by this server, expected kind ATTESTATION`)
}
