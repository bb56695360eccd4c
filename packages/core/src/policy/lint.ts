import type { Issue } from '../parsed.ts'
import { IssueList } from '../reading/issue-list.ts'
import { lintPatterns } from './lint-patterns.ts'
import { compilePatterns } from './pattern.ts'
import type { Policy } from './policy.ts'

const KUBE_SYSTEM = 'kube-system'
// Every cluster runs it, so a policy that takes care of its own system images takes care of this one.
const SYSTEM_IMAGE = 'registry.k8s.io/kube-proxy:v1.30.0'

/**
 * Notes on a valid policy: what is allowed but seldom meant, each with a next step, at most 100. They never stop a policy.
 * Sources: binary-authorization.md §1.5 (patterns), §6.11 (system images), §9 (what users ran into), DESIGN §5 (ImageReview).
 */
export function lintPolicy(policy: Policy): readonly Issue[] {
  const notes = new IssueList()
  for (const { index, message } of lintPatterns(policy.admissionWhitelistPatterns.map(({ namePattern }) => namePattern))) {
    if (notes.isFull) break
    notes.add(['admissionWhitelistPatterns', index, 'namePattern'], message)
  }
  lintImageReview(policy, notes)
  lintDefaultRule(policy, notes)
  lintSystemImages(policy, notes)
  return notes.all
}

function lintImageReview(policy: Policy, notes: IssueList): void {
  for (const field of ['kubernetesServiceAccountAdmissionRules', 'istioServiceIdentityAdmissionRules'] as const) {
    if (Object.keys(policy[field]).length === 0) continue
    notes.add([field], 'An ImageReview carries no service account, so these rules leave it undecided: connect clusters by the validating webhook')
  }
}

function lintDefaultRule({ defaultAdmissionRule: rule }: Policy, notes: IssueList): void {
  if (rule.evaluationMode === 'ALWAYS_ALLOW') {
    const message = 'Every image runs that no specific rule governs: write ALWAYS_DENY or REQUIRE_ATTESTATION to close the gate'
    notes.add(['defaultAdmissionRule', 'evaluationMode'], message)
  } else if (rule.enforcementMode === 'DRYRUN_AUDIT_LOG_ONLY') {
    const message = 'A dry run logs and blocks nothing: write ENFORCED_BLOCK_AND_AUDIT_LOG once the log shows no surprise'
    notes.add(['defaultAdmissionRule', 'enforcementMode'], message)
  }
}

function lintSystemImages(policy: Policy, notes: IssueList): void {
  const { defaultAdmissionRule: rule, globalPolicyEvaluationMode: mode, kubernetesNamespaceAdmissionRules: namespaces } = policy
  const blocks = rule.evaluationMode !== 'ALWAYS_ALLOW' && rule.enforcementMode === 'ENFORCED_BLOCK_AND_AUDIT_LOG'
  if (!blocks || mode === 'ENABLE' || Object.hasOwn(namespaces, KUBE_SYSTEM)) return
  if (compilePatterns(policy.admissionWhitelistPatterns.map(({ namePattern }) => namePattern)).find(SYSTEM_IMAGE) !== undefined) return
  const message = `The default rule also governs Kubernetes' own images in ${KUBE_SYSTEM} and may keep a cluster from starting: write ENABLE, or add patterns for them`
  notes.add(['globalPolicyEvaluationMode'], message)
}
