import type { UndecidedReason } from '../admission/decision.ts'
import type { AdmissionRule, Policy, RuleReference, WorkloadScope } from './policy.ts'

/** The one rule that governs a workload, or why it cannot be known. */
export type SelectedRule = { readonly reference: RuleReference; readonly rule: AdmissionRule } | { readonly undecided: UndecidedReason }

/**
 * Selects the rule that governs a workload: the specific rule whose key names it, else the default rule. A valid policy
 * has specific rules of one kind only, so there is no precedence between kinds and nothing is merged
 * (binary-authorization.md §1.3). Where the policy has rules for service accounts or identities and the request names
 * no service account, nothing is selected, not even the default.
 */
export function selectRule(policy: Policy, scope: WorkloadScope): SelectedRule {
  const { cluster, namespace, serviceAccount, trustDomain } = scope
  if (serviceAccount === undefined && needsServiceAccount(policy)) return { undecided: { code: 'NEEDS_SERVICE_ACCOUNT' } }
  return (
    findRule(policy.clusterAdmissionRules, { kind: 'CLUSTER', key: cluster }) ??
    findRule(policy.kubernetesNamespaceAdmissionRules, { kind: 'KUBERNETES_NAMESPACE', key: namespace }) ??
    findRule(policy.kubernetesServiceAccountAdmissionRules, { kind: 'KUBERNETES_SERVICE_ACCOUNT', key: `${namespace}:${serviceAccount}` }) ??
    findRule(policy.istioServiceIdentityAdmissionRules, {
      kind: 'ISTIO_SERVICE_IDENTITY',
      key: `${trustDomain}/ns/${namespace}/sa/${serviceAccount}`,
    }) ?? { reference: { kind: 'DEFAULT' }, rule: policy.defaultAdmissionRule }
  )
}

function needsServiceAccount(policy: Policy): boolean {
  return hasRules(policy.kubernetesServiceAccountAdmissionRules) || hasRules(policy.istioServiceIdentityAdmissionRules)
}

function hasRules(rules: Readonly<Record<string, AdmissionRule>>): boolean {
  for (const key in rules) if (Object.hasOwn(rules, key)) return true
  return false
}

/** Own members only: `constructor` is a name that a namespace may have. */
function findRule(rules: Readonly<Record<string, AdmissionRule>>, reference: RuleReference & { readonly key: string }): SelectedRule | undefined {
  const rule = Object.hasOwn(rules, reference.key) ? rules[reference.key] : undefined
  return rule === undefined ? undefined : { reference, rule }
}
