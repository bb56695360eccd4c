import type { AttestorName } from '../name/resource-name.ts'
import type { Issue } from '../parsed.ts'
import type { AdmissionRule, Policy } from './policy.ts'
import { RULE_MAPS } from './rule-maps.ts'

/** A place in a policy that names an attestor. */
export interface AttestorReference {
  readonly path: Issue['path']
  readonly name: AttestorName
}

/** Every place in the policy that names an attestor: the default rule's first, then the maps' in the order of the API's message. */
export function listAttestorReferences(policy: Policy): readonly AttestorReference[] {
  const specific = RULE_MAPS.flatMap(({ field }) => Object.entries(policy[field]).flatMap(([key, rule]) => referencesOf(rule, [field, key])))
  return [...referencesOf(policy.defaultAdmissionRule, ['defaultAdmissionRule']), ...specific]
}

/** Every attestor that a rule of the policy names, once. */
export function listNamedAttestors(policy: Policy): readonly AttestorName[] {
  return [...new Set(listAttestorReferences(policy).map(({ name }) => name))]
}

function referencesOf(rule: AdmissionRule, path: Issue['path']): readonly AttestorReference[] {
  return rule.requireAttestationsBy.map((name, index) => ({ path: [...path, 'requireAttestationsBy', index], name }))
}
