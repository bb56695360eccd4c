import { BREAK_GLASS_ANNOTATION, BREAK_GLASS_LABEL } from '@countersign/core/workload/scope.ts'
import { parsePattern } from '@countersign/core/policy/pattern.ts'
import type { AdmissionRule, Policy } from '@countersign/core/policy/policy.ts'
import { type KubernetesObject, PART_OF } from './object.ts'

/*
 * A policy in the only terms that an API server can judge by itself: image texts. It is a necessary condition, a last line behind a webhook
 * that fails open: whatever it refuses the policy refuses too, and what it lets in the gate may still refuse. So an attestation is taken for
 * granted where there is a digest that could have one, and where a rule cannot be found out here, the mildest counts.
 */
type Word = 'ALLOW' | 'DIGEST' | 'DENY'

/** Where the policy would be applied. */
export interface AdmissionPolicyOptions {
  /** The gate's own namespace, which is never asked about. */
  readonly namespace: string
  /** LOCATION.NAME; absent: a cluster that no rule names. */
  readonly cluster?: string
  /** What an image that must be attested has to begin with; none: anything. */
  readonly registries: readonly string[]
}

/** A ValidatingAdmissionPolicy with its binding, made from a policy. It is as old as the policy it was made from. */
export function admissionPolicyObjects(policy: Policy, options: AdmissionPolicyOptions): readonly KubernetesObject[] {
  const { namespace } = options
  const metadata = { name: 'countersign-last-line', labels: { ...PART_OF, 'app.kubernetes.io/instance': namespace } }
  const kind = 'ValidatingAdmissionPolicy'
  const apiVersion = 'admissionregistration.k8s.io/v1'
  return [
    { apiVersion, kind, metadata, spec: specOf(policy, options) },
    { apiVersion, kind: `${kind}Binding`, metadata, spec: { policyName: metadata.name, validationActions: ['Deny'] } },
  ]
}

function specOf(policy: Policy, options: AdmissionPolicyOptions): object {
  const marked = (member: string, key: string) => `has(object.metadata.${member}) && ${text(key)} in object.metadata.${member}`
  const isMarked = (member: string, key: string) => `(${marked(member, key)} && object.metadata.${member}[${text(key)}] == 'true')`
  return {
    failurePolicy: 'Fail',
    matchConstraints: {
      namespaceSelector: { matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: [options.namespace] }] },
      resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['pods', 'pods/ephemeralcontainers'] }],
    },
    matchConditions: [
      { name: 'glass-not-broken', expression: `!(${isMarked('labels', BREAK_GLASS_LABEL)} || ${isMarked('annotations', BREAK_GLASS_ANNOTATION)})` },
    ],
    variables: [
      { name: 'rule', expression: ruleExpression(policy, options) },
      { name: 'before', expression: `oldObject == null ? [] : ${imagesOf('oldObject')}` },
      // What an update leaves as it was is never judged again.
      { name: 'images', expression: `${imagesOf('object')}.filter(i, !(i in variables.before))` },
      { name: 'refused', expression: `variables.images.filter(i, !(${admits(policy, options)}))` },
    ],
    validations: [
      {
        expression: 'size(variables.refused) == 0',
        messageExpression: `'Image ' + variables.refused[0] + ' denied by the last line of Binary Authorization'`,
      },
    ],
  }
}

function imagesOf(object: string): string {
  const list = (member: string) => `(has(${object}.spec.${member}) ? ${object}.spec.${member}.filter(c, has(c.image)).map(c, c.image) : [])`
  const volumes = `${object}.spec.volumes.filter(v, has(v.image) && has(v.image.reference)).map(v, v.image.reference)`
  return `(${['containers', 'initContainers', 'ephemeralContainers'].map(list).join(' + ')} + (has(${object}.spec.volumes) ? ${volumes} : []))`
}

function admits({ admissionWhitelistPatterns }: Policy, { registries }: AdmissionPolicyOptions): string {
  const parsed = admissionWhitelistPatterns.flatMap(({ namePattern }) => {
    const pattern = parsePattern(namePattern)
    return pattern.ok ? [pattern.value] : []
  })
  const listed = (kind: 'EXACT' | 'SEGMENT' | 'PATH') => parsed.filter((pattern) => pattern.kind === kind).map(({ prefix }) => text(prefix))
  const [exact, segment, path] = [listed('EXACT'), listed('SEGMENT'), listed('PATH')]
  const byDigest = ["variables.rule == 'DIGEST'", "i.matches('@sha256:[0-9a-f]{64}$')"]
  if (registries.length > 0) byDigest.push(`[${registries.map(text).join(', ')}].exists(p, i.startsWith(p))`)
  return [
    "variables.rule == 'ALLOW'",
    ...(exact.length === 0 ? [] : [`i in [${exact.join(', ')}]`]),
    ...(segment.length === 0 ? [] : [`[${segment.join(', ')}].exists(p, i.startsWith(p) && !i.substring(size(p)).contains('/'))`]),
    ...(path.length === 0 ? [] : [`[${path.join(', ')}].exists(p, i.startsWith(p))`]),
    `(${byDigest.join(' && ')})`,
  ].join(' || ')
}

/** Which rule governs, by the one kind of specific rule that a policy may have (binary-authorization.md §1.3). */
function ruleExpression(policy: Policy, { cluster }: AdmissionPolicyOptions): string {
  const { clusterAdmissionRules, kubernetesNamespaceAdmissionRules, kubernetesServiceAccountAdmissionRules } = policy
  const account = "(has(object.spec.serviceAccountName) ? object.spec.serviceAccountName : 'default')"
  const named = cluster === undefined ? undefined : clusterAdmissionRules[cluster]
  const fallback = text(mildest([named ?? policy.defaultAdmissionRule, ...Object.values(policy.istioServiceIdentityAdmissionRules)]))
  const byKey = [
    lookUp('request.namespace', kubernetesNamespaceAdmissionRules),
    lookUp(`request.namespace + ':' + ${account}`, kubernetesServiceAccountAdmissionRules),
  ]
  const rule = [...byKey.filter((expression) => expression !== undefined), fallback].join(' : ')
  // The system policy of its own namespace changes with Countersign's version.
  return policy.globalPolicyEvaluationMode === 'ENABLE' ? `request.namespace == 'kube-system' ? 'ALLOW' : (${rule})` : rule
}

function lookUp(key: string, rules: Readonly<Record<string, AdmissionRule>>): string | undefined {
  const entries = Object.entries(rules)
  if (entries.length === 0) return undefined
  const map = `{${entries.map(([name, rule]) => `${text(name)}: ${text(mildest([rule]))}`).join(', ')}}`
  return `(${key}) in ${map} ? ${map}[${key}]`
}

const MILDNESS: readonly Word[] = ['ALLOW', 'DIGEST', 'DENY']

function mildest(rules: readonly AdmissionRule[]): Word {
  const words = rules.map(({ evaluationMode, enforcementMode }): Word => {
    if (enforcementMode === 'DRYRUN_AUDIT_LOG_ONLY' || evaluationMode === 'ALWAYS_ALLOW') return 'ALLOW'
    return evaluationMode === 'ALWAYS_DENY' ? 'DENY' : 'DIGEST'
  })
  return MILDNESS.find((word) => words.includes(word)) ?? 'ALLOW'
}

/** A CEL string literal: JSON's escapes are among CEL's. */
function text(value: string): string {
  return JSON.stringify(value)
}
