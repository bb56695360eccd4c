import type { AttestorName } from '@countersign/core/name/resource-name.ts'
import { projectOf } from '@countersign/core/name/resource-name.ts'
import type { Issue } from '@countersign/core/parsed.ts'
import type { AdmissionRule, Policy } from '@countersign/core/policy/policy.ts'
import type { Caller } from '../access/caller.ts'
import type { Grant } from '../access/permission.ts'
import { mayCall } from '../access/permission.ts'
import { invalid } from '../changes/invalid.ts'
import type { AttestorTables } from './ports.ts'

/** A place in a policy that names an attestor. */
interface AttestorReference {
  readonly path: Issue['path']
  readonly name: AttestorName
}

const MAPS = [
  'clusterAdmissionRules',
  'kubernetesNamespaceAdmissionRules',
  'kubernetesServiceAccountAdmissionRules',
  'istioServiceIdentityAdmissionRules',
] as const

/** Every place in the policy that names an attestor. */
function attestorReferences(policy: Policy): readonly AttestorReference[] {
  const specific = MAPS.flatMap((map) => Object.entries(policy[map]).flatMap(([key, rule]) => referencesOf(rule, [map, key])))
  return [...referencesOf(policy.defaultAdmissionRule, ['defaultAdmissionRule']), ...specific]
}

/**
 * Attestors named in a rule must exist when the policy is written, and its writer must be able to read them (binary-authorization.md §1.8). Gives the
 * rights that were used, one for each attestor. INVALID_ARGUMENT tells every place; one that is absent and one that may not be read sound alike.
 */
export async function requireReferences(tables: AttestorTables, caller: Caller, policy: Policy): Promise<readonly Grant[]> {
  const references = attestorReferences(policy)
  const names = [...new Set(references.map(({ name }) => name))]
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

function referencesOf(rule: AdmissionRule, path: Issue['path']): readonly AttestorReference[] {
  return rule.requireAttestationsBy.map((name, index) => ({ path: [...path, 'requireAttestationsBy', index], name }))
}
