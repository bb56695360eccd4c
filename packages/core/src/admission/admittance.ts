import { findExemption } from '../policy/exemption.ts'
import type { AllowReason } from './decision.ts'
import type { AdmissionWorld } from './evidence.ts'
import type { AdmissionRequest, WorkloadImage } from './request.ts'

/** The one namespace where the system policy has a say: nobody else runs Kubernetes' own parts. */
const SYSTEM_NAMESPACE = 'kube-system'

/**
 * Finds what lets an image in before any rule is asked, in the order of binary-authorization.md §1.4: system policy (where
 * the policy enables it, and in kube-system only), admission whitelist pattern, exemption. Patterns match the text as
 * written, whether or not it is a valid reference (§1.5).
 */
export function findAdmittance(image: WorkloadImage, request: AdmissionRequest, world: AdmissionWorld): AllowReason | undefined {
  const { policy, systemPolicy, exemptions, now } = world
  const { namespace } = request.scope
  if (systemPolicy !== undefined && namespace === SYSTEM_NAMESPACE && policy.policy.globalPolicyEvaluationMode === 'ENABLE') {
    const pattern = systemPolicy.patterns.find(image.text)
    if (pattern !== undefined) return { code: 'SYSTEM_POLICY', pattern }
  }
  const pattern = policy.patterns.find(image.text)
  if (pattern !== undefined) return { code: 'EXEMPT_PATTERN', pattern }
  if (exemptions.length === 0) return undefined
  const exemption = findExemption(exemptions, { imageText: image.text, digest: image.reference?.digest, namespace, now })
  return exemption === undefined ? undefined : { code: 'EXEMPTION', id: exemption.id, expiresAt: exemption.expiresAt }
}
