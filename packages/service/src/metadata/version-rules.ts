import { within } from './fault.ts'
import type { Message } from './message.ts'
import { isMessage, textOf } from './message.ts'

/** The faults of a version that may be absent (kritis-and-grafeas.md §4.6, row "version"); `name` is what the text calls it. */
export function findOptionalVersionFaults(value: unknown, name: string): readonly string[] {
  return isMessage(value) ? within(`${name}.`, findVersionFaults(value)) : []
}

/** The same of a version that is needed. */
export function findNeededVersionFaults(value: unknown, name: string): readonly string[] {
  return isMessage(value) ? findOptionalVersionFaults(value, name) : [`${name} is required`]
}

/** The kind of a version that may be absent; empty where it has none, UNRECOGNIZED for a number that is newer than this program. */
export function kindOfVersion(value: unknown): string {
  const kind = isMessage(value) ? value['kind'] : undefined
  if (kind === undefined || kind === 'VERSION_KIND_UNSPECIFIED') return ''
  return typeof kind === 'string' ? kind : 'UNRECOGNIZED'
}

/** A version needs a kind, and a name where it is a NORMAL one. */
function findVersionFaults(version: Message): readonly string[] {
  const kind = kindOfVersion(version)
  if (kind === '') return ['kind is required']
  return kind === 'NORMAL' && textOf(version['name']) === '' ? ['name is required'] : []
}
