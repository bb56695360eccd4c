import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ClusterKey } from '../name/resource-name.ts'
import { DEFAULT_POLICY } from './default-policy.ts'
import type { AdmissionRule, Policy, WorkloadScope } from './policy.ts'
import { selectRule } from './select-rule.ts'

const RULE: AdmissionRule = { evaluationMode: 'ALWAYS_DENY', requireAttestationsBy: [], enforcementMode: 'ENFORCED_BLOCK_AND_AUDIT_LOG' }
const DEFAULT = { reference: { kind: 'DEFAULT' }, rule: DEFAULT_POLICY.defaultAdmissionRule }
const SCOPE: WorkloadScope = { cluster: 'us-central1-a.prod' as ClusterKey, trustDomain: 'p1.svc.id.goog', namespace: 'shop', serviceAccount: 'web' }

function withRules(field: keyof Policy, ...keys: readonly string[]): Policy {
  return { ...DEFAULT_POLICY, [field]: Object.fromEntries(keys.map((key) => [key, RULE])) }
}

describe('selectRule()', () => {
  const rows = [
    { field: 'clusterAdmissionRules', kind: 'CLUSTER', key: 'us-central1-a.prod', other: 'us-central1.prod' },
    { field: 'kubernetesNamespaceAdmissionRules', kind: 'KUBERNETES_NAMESPACE', key: 'shop', other: 'shop-2' },
    { field: 'kubernetesServiceAccountAdmissionRules', kind: 'KUBERNETES_SERVICE_ACCOUNT', key: 'shop:web', other: 'web:shop' },
    {
      field: 'istioServiceIdentityAdmissionRules',
      kind: 'ISTIO_SERVICE_IDENTITY',
      key: 'p1.svc.id.goog/ns/shop/sa/web',
      other: 'p2.svc.id.goog/ns/shop/sa/web',
    },
  ] as const

  for (const { field, kind, key, other } of rows) {
    test(`§1.3: ${kind} rule governs what its key names, the default all else`, () => {
      assert.deepEqual(selectRule(withRules(field, other, key), SCOPE), { reference: { kind, key }, rule: RULE })
      assert.deepEqual(selectRule(withRules(field, other), SCOPE), DEFAULT)
    })
  }

  test('DESIGN §5: without a service account, rules that need one leave everything undecided', () => {
    const { serviceAccount: _, ...scope } = SCOPE
    for (const { field, key } of rows.slice(2)) {
      assert.deepEqual(selectRule(withRules(field, key), scope), { undecided: { code: 'NEEDS_SERVICE_ACCOUNT' } })
    }
    for (const { field, key, kind } of rows.slice(0, 2)) {
      assert.deepEqual(selectRule(withRules(field, key), scope), { reference: { kind, key }, rule: RULE })
    }
    assert.deepEqual(selectRule(DEFAULT_POLICY, scope), DEFAULT)
  })

  test('never takes a member of Object.prototype for a rule', () => {
    for (const namespace of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
      assert.deepEqual(selectRule(withRules('kubernetesNamespaceAdmissionRules', 'shop'), { ...SCOPE, namespace }), DEFAULT)
    }
  })
})
