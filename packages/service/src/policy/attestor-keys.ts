import type { Attestor, AttestorPublicKey } from '@countersign/core/attestation/attestor.ts'
import type { AttestorName } from '@countersign/core/name/resource-name.ts'
import type { Issue } from '@countersign/core/parsed.ts'
import { formatIssue } from '@countersign/core/parsed.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { PublicKeyInput } from '@countersign/evidence/key/import-key.ts'
import { findSharedKeys } from '@countersign/evidence/key/shared-keys.ts'
import type { Caller } from '../access/caller.ts'
import { mayCall } from '../access/permission.ts'
import { invalid } from '../changes/invalid.ts'
import type { AttestorTables, KeyImporter } from './ports.ts'

const IMPORTS_AT_ONCE = 8

/** Keys fit to be stored, and what their owner should know of them. */
export interface ImportedKeys {
  readonly keys: readonly AttestorPublicKey[]
  readonly warnings: readonly string[]
}

/**
 * Reads all keys of an attestor and refuses the list whole: every key that cannot be used is told at once, and an id must stand for one key only.
 * The text for a doubled id is the one people know from gcloud (binary-authorization.md §4.2).
 */
export async function importKeys(name: AttestorName, given: readonly PublicKeyInput[], importKey: KeyImporter): Promise<ImportedKeys> {
  const issues: Issue[] = []
  const notes: Issue[] = []
  const keys: AttestorPublicKey[] = []
  for (let start = 0; start < given.length; start += IMPORTS_AT_ONCE) {
    const parsed = await Promise.all(given.slice(start, start + IMPORTS_AT_ONCE).map(importKey))
    for (const [offset, one] of parsed.entries()) {
      const path = ['userOwnedGrafeasNote', 'publicKeys', start + offset]
      if (one.ok) keys.push(one.value.key)
      const told = one.ok ? (one.notes ?? []) : one.issues
      const into = one.ok ? notes : issues
      into.push(...told.map((issue) => ({ ...issue, path: [...path, ...issue.path] })))
    }
  }
  if (issues.length > 0) throw invalid(issues, `Cannot write attestor "${name}"`)
  refuseDoubledIds(name, keys)
  return { keys, warnings: notes.map(formatIssue) }
}

function refuseDoubledIds(name: AttestorName, keys: readonly AttestorPublicKey[]): void {
  const seen = new Set<string>()
  for (const { id } of keys) {
    if (seen.has(id)) throw new StatusError('INVALID_ARGUMENT', `Public key with ID [${id}] already present on attestor [${name}]`)
    seen.add(id)
  }
}

/** Attestors that may share a key with this one: those with a key of the same id, of any project, and those of the same note. */
export async function findRelatedAttestors(tables: AttestorTables, attestor: Attestor): Promise<readonly Attestor[]> {
  const related = new Map<AttestorName, Attestor>()
  for (const stored of await tables.attestorsOfNote(attestor.note)) related.set(stored.attestor.name, stored.attestor)
  for (const { id } of attestor.publicKeys) {
    for (const stored of await tables.attestorsWithKey(id)) related.set(stored.attestor.name, stored.attestor)
  }
  related.delete(attestor.name)
  return [...related.values()]
}

/**
 * Warns of keys that another attestor holds too: who wants two signatures gets one that counts for both. An attestor that the caller may not read is
 * not named.
 */
export async function warnOfSharedKeys(caller: Caller, attestor: Attestor, related: readonly Attestor[]): Promise<readonly string[]> {
  const readable = related.filter(({ name }) => mayCall(caller, 'binaryauthorization.attestors.get', name))
  const shared = (await findSharedKeys([attestor, ...readable])).filter(({ attestors }) => attestors.includes(attestor.name))
  const hidden = related.filter((other) => !readable.includes(other)).flatMap(({ publicKeys }) => publicKeys.map(({ id }) => id))
  const unnamed = attestor.publicKeys.filter(({ id }) => hidden.includes(id))
  return [
    ...shared.map(({ message }) => message),
    ...unnamed.map(({ id }) => `Key ${id} belongs to another attestor too: one signature counts for each of them`),
  ]
}
