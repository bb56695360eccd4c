import type { Attestor, AttestorPublicKey } from '@countersign/core/attestation/attestor.ts'
import type { AttestorName } from '@countersign/core/name/resource-name.ts'
import { projectOf } from '@countersign/core/name/resource-name.ts'
import type { Issue } from '@countersign/core/parsed.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { Caller } from '../access/caller.ts'
import { mayCall } from '../access/permission.ts'
import { invalid } from '../changes/invalid.ts'
import type { AttestorTables, GivenKey, KeyImporter } from './ports.ts'

const IMPORTS_AT_ONCE = 8

/**
 * Reads all keys of an attestor and refuses the list whole: every key that cannot be used is told at once, and an id must stand for one key only.
 * The text for a doubled id is the one people know from gcloud (binary-authorization.md §4.2).
 */
export async function importKeys(name: AttestorName, keys: readonly GivenKey[], importKey: KeyImporter): Promise<readonly AttestorPublicKey[]> {
  const issues: Issue[] = []
  const imported: AttestorPublicKey[] = []
  for (let start = 0; start < keys.length; start += IMPORTS_AT_ONCE) {
    const parsed = await Promise.all(keys.slice(start, start + IMPORTS_AT_ONCE).map(importKey))
    for (const [offset, key] of parsed.entries()) {
      if (key.ok) imported.push(key.value)
      else issues.push(...key.issues.map((issue) => ({ ...issue, path: ['userOwnedGrafeasNote', 'publicKeys', start + offset, ...issue.path] })))
    }
  }
  if (issues.length > 0) throw invalid(issues, `Cannot write attestor "${name}"`)
  refuseDoubledIds(name, imported)
  return imported
}

function refuseDoubledIds(name: AttestorName, keys: readonly AttestorPublicKey[]): void {
  const seen = new Set<string>()
  for (const { id } of keys) {
    if (seen.has(id)) throw new StatusError('INVALID_ARGUMENT', `Public key with ID [${id}] already present on attestor [${name}]`)
    seen.add(id)
  }
}

/**
 * Warns of keys that another attestor holds too: who wants two signatures gets one that counts for both. An attestor that the caller may not read
 * is not named.
 */
export async function warnOfSharedKeys(tables: AttestorTables, caller: Caller, attestor: Attestor): Promise<readonly string[]> {
  const warnings: string[] = []
  for (const key of attestor.publicKeys) {
    const others = (await tables.attestorsWithKey(key.id)).map((other) => other.attestor.name).filter((name) => name !== attestor.name)
    const named = others.filter((name) => mayCall(caller, 'binaryauthorization.attestors.get', `projects/${projectOf(name)}`)).map((name) => `"${name}"`)
    const holders = named.length > 0 ? named.slice(0, 5).join(', ') : 'another attestor'
    if (others.length > 0) warnings.push(`Key "${key.id}" is also held by ${holders}: one signature would count for both`)
  }
  return warnings
}
