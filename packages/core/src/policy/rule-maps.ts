import { parseClusterKey } from '../name/resource-name.ts'
import type { Parsed } from '../parsed.ts'
import { quote } from '../quote.ts'
import type { Policy, RuleKind } from './policy.ts'

/** The four maps of specific rules, of which a valid policy uses one (binary-authorization.md §1.3). */
export type RuleMapField = Extract<keyof Policy, `${string}AdmissionRules`>

/** A map of specific rules and how its keys are written; a parsed key is in the one form under which it is stored. */
export interface RuleMap {
  readonly field: RuleMapField
  readonly kind: RuleKind
  readonly parseKey: (text: string) => Parsed<string>
}

/** The maps in the order of the API's message; key forms are those of binary-authorization.md §1.2. */
export const RULE_MAPS: readonly RuleMap[] = [
  { field: 'clusterAdmissionRules', kind: 'CLUSTER', parseKey: parseClusterKey },
  { field: 'kubernetesNamespaceAdmissionRules', kind: 'KUBERNETES_NAMESPACE', parseKey: parseNamespaceKey },
  { field: 'kubernetesServiceAccountAdmissionRules', kind: 'KUBERNETES_SERVICE_ACCOUNT', parseKey: parseServiceAccountKey },
  { field: 'istioServiceIdentityAdmissionRules', kind: 'ISTIO_SERVICE_IDENTITY', parseKey: parseServiceIdentityKey },
]

// The published form has no digits, though Kubernetes' names have: taken for an oversight (§1.2).
const NAME = '[a-z0-9.-]{1,253}'
const NAMESPACE = new RegExp(`^${NAME}$`)
const SERVICE_ACCOUNT = new RegExp(`^${NAME}:${NAME}$`)
const SERVICE_IDENTITY = new RegExp(`^[a-z0-9._-]{1,255}/ns/${NAME}/sa/${NAME}$`)
const SCHEME = 'spiffe://'

function parseNamespaceKey(text: string): Parsed<string> {
  return NAMESPACE.test(text) ? accept(text) : refuse('Namespace', text, 'lower-case letters, digits, . and -, such as team-1')
}

function parseServiceAccountKey(text: string): Parsed<string> {
  return SERVICE_ACCOUNT.test(text) ? accept(text) : refuse('Service account', text, 'NAMESPACE:SERVICEACCOUNT, such as team-1:default')
}

/** `spiffe://` before an identity changes nothing and is dropped. */
function parseServiceIdentityKey(text: string): Parsed<string> {
  const identity = text.startsWith(SCHEME) ? text.slice(SCHEME.length) : text
  if (SERVICE_IDENTITY.test(identity)) return accept(identity)
  return refuse('Service identity', text, 'DOMAIN/ns/NAMESPACE/sa/SERVICEACCOUNT, such as my-project.svc.id.goog/ns/team-1/sa/default')
}

function accept(text: string): Parsed<string> {
  return { ok: true, value: text }
}

function refuse(what: string, text: string, form: string): Parsed<never> {
  return { ok: false, issues: [{ path: [], message: `${what} ${quote(text)} is not valid: expected ${form}` }] }
}
