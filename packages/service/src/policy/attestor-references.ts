import type { AttestorName } from '@countersign/core/name/resource-name.ts'
import { projectOf } from '@countersign/core/name/resource-name.ts'
import { listAttestorReferences, listNamedAttestors } from '@countersign/core/policy/attestor-references.ts'
import type { Policy } from '@countersign/core/policy/policy.ts'
import type { Caller } from '../access/caller.ts'
import type { Grant } from '../access/permission.ts'
import { mayCall } from '../access/permission.ts'
import { invalid } from '../changes/invalid.ts'
import type { AttestorTables } from './ports.ts'

/**
 * Attestors named in a rule must exist when the policy is written, and its writer must be able to read them (binary-authorization.md §1.8). Gives the
 * rights that were used, one for each attestor. INVALID_ARGUMENT tells every place; one that is absent and one that may not be read sound alike.
 */
export async function requireReferences(tables: AttestorTables, caller: Caller, policy: Policy): Promise<readonly Grant[]> {
  const references = listAttestorReferences(policy)
  const names = listNamedAttestors(policy)
  const usable = new Set<AttestorName>()
  for (const name of names) {
    if (mayRead(caller, name) && (await tables.findAttestor(name)) !== undefined) usable.add(name)
  }
  const issues = references
    .filter(({ name }) => !usable.has(name))
    .map(({ path, name }) => ({ path, message: `attestor "${name}" does not exist or you may not read it, create it before a rule requires it` }))
  if (issues.length > 0) throw invalid(issues, 'Cannot write the policy')
  return names.map((name) => ({ permission: 'binaryauthorization.attestors.get', resource: name, granted: true }))
}

function mayRead(caller: Caller, name: AttestorName): boolean {
  return mayCall(caller, 'binaryauthorization.attestors.get', `projects/${projectOf(name)}`)
}
