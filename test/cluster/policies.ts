/** A policy as a file holds it. */
export type Policy = Readonly<Record<string, unknown>>

export const DENY_ALL: Policy = { defaultAdmissionRule: { evaluationMode: 'ALWAYS_DENY', enforcementMode: 'ENFORCED_BLOCK_AND_AUDIT_LOG' } }
export const ALLOW_ALL: Policy = { defaultAdmissionRule: { evaluationMode: 'ALWAYS_ALLOW', enforcementMode: 'ENFORCED_BLOCK_AND_AUDIT_LOG' } }
export const WATCH_ONLY: Policy = { defaultAdmissionRule: { evaluationMode: 'ALWAYS_DENY', enforcementMode: 'DRYRUN_AUDIT_LOG_ONLY' } }

/** Images must carry an attestation of the project's attestor "built". */
export function requireBuilt(project: string): Policy {
  return { defaultAdmissionRule: requireBuiltRule(project) }
}

/** The same as a rule, for policies with several. */
export function requireBuiltRule(project: string): object {
  const requireAttestationsBy = [`projects/${project}/attestors/built`]
  return { evaluationMode: 'REQUIRE_ATTESTATION', enforcementMode: 'ENFORCED_BLOCK_AND_AUDIT_LOG', requireAttestationsBy }
}
