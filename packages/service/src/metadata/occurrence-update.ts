import { StatusError } from '@countersign/core/status.ts'
import { membersOfKind } from './kind.ts'
import type { Message } from './message.ts'
import { findOccurrenceFaults, refuseLong } from './occurrence-body.ts'
import type { StoredOccurrence } from './ports.ts'
import { messageOf } from './stored-message.ts'
import type { UpdateRules } from './update-mask.ts'
import { mergePaths, refuseImmutable, updatedPaths } from './update-mask.ts'

/**
 * Details that may change: what a scanner keeps up to date. Attestations, builds and SBOM references are signed statements, or stand
 * for one, and never change.
 */
const LIVING: readonly string[] = ['DISCOVERY', 'VULNERABILITY', 'PACKAGE']

/** The stored message with an update in it, as valid as a new one, or INVALID_ARGUMENT. */
export function mergeUpdate(stored: StoredOccurrence, body: Message, mask: readonly string[]): Message {
  const { own, foreign } = membersOfKind(stored.kind)
  const [living, fixed] = LIVING.includes(stored.kind) ? [own, []] : [[], own]
  const immutable = ['noteName', 'resourceUri', 'envelope', ...fixed, ...foreign]
  const rules: UpdateRules = { resource: 'Occurrence', writable: ['remediation', ...living], immutable }
  const before = messageOf(stored)
  const paths = updatedPaths(rules, body, mask)
  refuseImmutable(rules, { stored: before, body, paths })
  const merged = mergePaths(before, body, paths)
  refuseLong(merged)
  const faults = findOccurrenceFaults(merged)
  if (faults.length > 0) throw new StatusError('INVALID_ARGUMENT', `occurrence is invalid: [${faults.join(' ')}]`)
  return merged
}
