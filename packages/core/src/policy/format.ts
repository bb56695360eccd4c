import type { AdmissionRule, AdmissionWhitelistPattern, Policy } from './policy.ts'
import { RULE_MAPS } from './rule-maps.ts'

/** An admission rule as proto3 JSON: an empty list is left out. */
export interface AdmissionRuleTree {
  readonly evaluationMode: string
  readonly requireAttestationsBy?: readonly string[]
  readonly enforcementMode: string
}

/** A policy as proto3 JSON of the v1 message: unset members are left out (binary-authorization.md §1.1, §1.8). */
export interface PolicyTree {
  readonly name?: string
  readonly description?: string
  readonly globalPolicyEvaluationMode?: string
  readonly admissionWhitelistPatterns?: readonly AdmissionWhitelistPattern[]
  readonly clusterAdmissionRules?: Readonly<Record<string, AdmissionRuleTree>>
  readonly kubernetesNamespaceAdmissionRules?: Readonly<Record<string, AdmissionRuleTree>>
  readonly kubernetesServiceAccountAdmissionRules?: Readonly<Record<string, AdmissionRuleTree>>
  readonly istioServiceIdentityAdmissionRules?: Readonly<Record<string, AdmissionRuleTree>>
  readonly defaultAdmissionRule: AdmissionRuleTree
  readonly updateTime?: string
  readonly etag?: string
}

/** What only the service writes. */
export type PolicyWritten = Pick<PolicyTree, 'name' | 'updateTime' | 'etag'>

/**
 * Formats a policy as the API returns it: what was put comes back unchanged, and what was unset stays unset. Map keys are
 * in order, patterns and attestors as they were written.
 */
export function formatPolicy(policy: Policy, written: PolicyWritten = {}): PolicyTree {
  const { description, globalPolicyEvaluationMode: mode, admissionWhitelistPatterns: patterns } = policy
  return {
    ...(written.name === undefined ? {} : { name: written.name }),
    ...(description === undefined ? {} : { description }),
    ...(mode === 'GLOBAL_POLICY_EVALUATION_MODE_UNSPECIFIED' ? {} : { globalPolicyEvaluationMode: mode }),
    ...(patterns.length === 0 ? {} : { admissionWhitelistPatterns: patterns.map(({ namePattern }) => ({ namePattern })) }),
    ...formatRuleMaps(policy),
    defaultAdmissionRule: formatRule(policy.defaultAdmissionRule),
    ...(written.updateTime === undefined ? {} : { updateTime: written.updateTime }),
    ...(written.etag === undefined ? {} : { etag: written.etag }),
  }
}

function formatRuleMaps(policy: Policy): Partial<PolicyTree> {
  const used = RULE_MAPS.filter(({ field }) => Object.keys(policy[field]).length > 0)
  return Object.fromEntries(used.map(({ field }) => [field, formatRules(policy[field])]))
}

function formatRule({ evaluationMode, requireAttestationsBy, enforcementMode }: AdmissionRule): AdmissionRuleTree {
  return { evaluationMode, ...(requireAttestationsBy.length === 0 ? {} : { requireAttestationsBy: [...requireAttestationsBy] }), enforcementMode }
}

function formatRules(rules: Readonly<Record<string, AdmissionRule>>): Readonly<Record<string, AdmissionRuleTree>> {
  const entries = Object.entries(rules).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, rule]) => [key, formatRule(rule)]))
}
