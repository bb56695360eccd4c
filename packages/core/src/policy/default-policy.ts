import type { Policy } from './policy.ts'

/** What holds in a project that never stored a policy, and what GetPolicy then answers (binary-authorization.md §1.7). */
export const DEFAULT_POLICY: Policy = {
  globalPolicyEvaluationMode: 'ENABLE',
  admissionWhitelistPatterns: [],
  clusterAdmissionRules: {},
  kubernetesNamespaceAdmissionRules: {},
  kubernetesServiceAccountAdmissionRules: {},
  istioServiceIdentityAdmissionRules: {},
  defaultAdmissionRule: { evaluationMode: 'ALWAYS_ALLOW', requireAttestationsBy: [], enforcementMode: 'ENFORCED_BLOCK_AND_AUDIT_LOG' },
}
