import type { Pod } from './cluster.ts'

/** The names that the founding document uses. */
export const PROJECT = 'my-project'
export const CLUSTER = 'us-central1-a.my-cluster-1'
export const NGINX = 'gcr.io/my-project/nginx'
export const DIGEST = 'sha256:0390753e0576e3eecf97076c3312d878240fc951f97c1e599ca55fbe4cb9e2bb'
export const TAGGED: Pod = { name: 'nginx', image: `${NGINX}:latest` }
export const SIGNED: Pod = { name: 'nginx-signed', image: `${NGINX}@${DIGEST}` }
export const UNSIGNED: Pod = { name: 'nginx-unsigned', image: `${NGINX}@sha256:${'0'.repeat(64)}` }
export const BREAK_GLASS: Pod = {
  name: 'nginx-breakglass',
  image: 'nginx:latest',
  annotations: { 'alpha.image-policy.k8s.io/break-glass': 'true' },
}
const ENFORCED = 'ENFORCED_BLOCK_AND_AUDIT_LOG'

/** The policy of a chapter: the cluster's rule has this mode, and by default nothing runs. `more` are further lines of YAML. */
export function policy(mode: string, more = ''): string {
  const rule = `    enforcementMode: ${ENFORCED}\n    evaluationMode: ${mode}\n`
  const cluster = `clusterAdmissionRules:\n  ${CLUSTER}:\n${rule}${mode === 'REQUIRE_ATTESTATION' ? `    requireAttestationsBy:\n    - projects/${PROJECT}/attestors/manually-verified\n` : ''}`
  return `${more}${cluster}defaultAdmissionRule:\n  enforcementMode: ${ENFORCED}\n  evaluationMode: ALWAYS_DENY\n`
}
