import type { AttestorName, ClusterKey } from '../name/resource-name.ts'

/** binaryauthorization v1 `AdmissionRule.EvaluationMode`, without the unspecified value, which no valid policy holds. */
export type EvaluationMode = 'ALWAYS_ALLOW' | 'REQUIRE_ATTESTATION' | 'ALWAYS_DENY'
/** binaryauthorization v1 `AdmissionRule.EnforcementMode`, likewise. */
export type EnforcementMode = 'ENFORCED_BLOCK_AND_AUDIT_LOG' | 'DRYRUN_AUDIT_LOG_ONLY'
export type GlobalPolicyEvaluationMode = 'GLOBAL_POLICY_EVALUATION_MODE_UNSPECIFIED' | 'ENABLE' | 'DISABLE'

export interface AdmissionRule {
  readonly evaluationMode: EvaluationMode
  /** Non-empty exactly where the mode is REQUIRE_ATTESTATION; every one of them must be satisfied. */
  readonly requireAttestationsBy: readonly AttestorName[]
  readonly enforcementMode: EnforcementMode
}

export interface AdmissionWhitelistPattern {
  readonly namePattern: string
}

/**
 * A project's policy after parsing: what no valid policy may hold is not representable here, except that at most one of
 * the four rule maps is non-empty. Fields that only the service writes (name, updateTime, etag) live in `StoredPolicy`.
 */
export interface Policy {
  readonly description?: string
  readonly globalPolicyEvaluationMode: GlobalPolicyEvaluationMode
  readonly admissionWhitelistPatterns: readonly AdmissionWhitelistPattern[]
  readonly clusterAdmissionRules: Readonly<Record<string, AdmissionRule>>
  readonly kubernetesNamespaceAdmissionRules: Readonly<Record<string, AdmissionRule>>
  /** Keys `namespace:serviceaccount`. */
  readonly kubernetesServiceAccountAdmissionRules: Readonly<Record<string, AdmissionRule>>
  /** Keys `domain/ns/NS/sa/SA`, without the `spiffe://` that may be written before them. */
  readonly istioServiceIdentityAdmissionRules: Readonly<Record<string, AdmissionRule>>
  readonly defaultAdmissionRule: AdmissionRule
}

/** Which rule governed an image. `key` is the rule map's key; absent for the default rule. */
export type RuleKind = 'CLUSTER' | 'KUBERNETES_NAMESPACE' | 'KUBERNETES_SERVICE_ACCOUNT' | 'ISTIO_SERVICE_IDENTITY' | 'DEFAULT'
export interface RuleReference {
  readonly kind: RuleKind
  readonly key?: string
}

/** Where a workload would run, as far as the request can say. An absent member means: this request cannot carry it. */
export interface WorkloadScope {
  readonly cluster: ClusterKey
  /** SPIFFE trust domain of the cluster; default `<project>.svc.id.goog`. */
  readonly trustDomain: string
  readonly namespace: string
  readonly serviceAccount?: string
}
