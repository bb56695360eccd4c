import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AttestorName } from '../name/resource-name.ts'
import { listAttestorReferences, listNamedAttestors } from './attestor-references.ts'
import { DEFAULT_POLICY } from './default-policy.ts'
import type { AdmissionRule } from './policy.ts'
import { RULE_MAPS } from './rule-maps.ts'

const [A, B] = ['projects/p1/attestors/a', 'projects/p1/attestors/b'] as [AttestorName, AttestorName]

function requiring(...requireAttestationsBy: AttestorName[]): AdmissionRule {
  return { evaluationMode: 'REQUIRE_ATTESTATION', requireAttestationsBy, enforcementMode: 'ENFORCED_BLOCK_AND_AUDIT_LOG' }
}

test('listAttestorReferences() gives the path of every name, the default rule first', () => {
  const policy = { ...DEFAULT_POLICY, clusterAdmissionRules: { 'l.c': requiring(A) }, defaultAdmissionRule: requiring(B, A) }
  assert.deepEqual(listAttestorReferences(policy), [
    { path: ['defaultAdmissionRule', 'requireAttestationsBy', 0], name: B },
    { path: ['defaultAdmissionRule', 'requireAttestationsBy', 1], name: A },
    { path: ['clusterAdmissionRules', 'l.c', 'requireAttestationsBy', 0], name: A },
  ])
})

test('listNamedAttestors() finds a name in every map of rules, and gives each once', () => {
  for (const { field } of RULE_MAPS) assert.deepEqual(listNamedAttestors({ ...DEFAULT_POLICY, [field]: { k: requiring(A, A) } }), [A])
  assert.deepEqual(listNamedAttestors(DEFAULT_POLICY), [])
})
