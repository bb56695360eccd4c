import assert from 'node:assert/strict'
import { test } from 'node:test'
import { missingControlPlane } from './control-plane.ts'
import { guardedCluster } from './guarded-cluster.ts'
import { expectOutput } from './kubectl.ts'
import { pod } from './objects.ts'
import { ALLOW_ALL, DENY_ALL } from './policies.ts'
import { imageNamed, openRoom } from './room.ts'

const skip = missingControlPlane()
const ALLOW = ALLOW_ALL['defaultAdmissionRule']
const DENY = DENY_ALL['defaultAdmissionRule']
const REFUSED = (image: string, rule: string) =>
  `Error from server (VIOLATES_POLICY): error when creating "STDIN": admission webhook "imagepolicywebhook.image-policy.k8s.io" denied the request: ` +
  `Image ${image} denied by Binary Authorization ${rule}. Denied by always_deny admission rule\n`

test('§1.1: a cluster rule speaks for its cluster alone', { skip }, async () => {
  const room = await openRoom(await guardedCluster(), 'cluster-rule')
  await room.setPolicy({ ...ALLOW_ALL, clusterAdmissionRules: { 'test.cluster': DENY, 'test.other': ALLOW } })
  const { code, stderr } = await room.kubectl(['apply', '-f', '-'], pod('app', imageNamed('app')))
  assert.equal(code, 1)
  assert.ok(stderr.endsWith(REFUSED(imageNamed('app'), 'cluster admission rule for test.cluster')), stderr)
})

test('§1.1: a service account rule meets the account that the API server filled in', { skip }, async () => {
  const room = await openRoom(await guardedCluster(), 'account-rule')
  await room.setPolicy({ ...DENY_ALL, kubernetesServiceAccountAdmissionRules: { 'account-rule:default': ALLOW } })
  await expectOutput(room.kubectl(['apply', '-f', '-'], pod('app', imageNamed('app'))))
  await expectOutput(room.kubectl(['create', 'serviceaccount', 'other']))
  const as = { spec: { serviceAccountName: 'other' } }
  const { code, stderr } = await room.kubectl(['run', 'app-2', `--image=${imageNamed('app')}`, `--overrides=${JSON.stringify(as)}`])
  assert.equal(code, 1)
  assert.match(stderr, /denied by Binary Authorization default admission rule\. Denied by always_deny admission rule\n$/)
})

test('§1.1: a service identity rule meets namespace and account in the cluster’s trust domain', { skip }, async () => {
  const room = await openRoom(await guardedCluster(), 'identity-rule')
  const identity = 'spiffe://identity-rule.svc.id.goog/ns/identity-rule/sa/default'
  await room.setPolicy({ ...ALLOW_ALL, istioServiceIdentityAdmissionRules: { [identity]: DENY } })
  const { code, stderr } = await room.kubectl(['apply', '-f', '-'], pod('app', imageNamed('app')))
  assert.equal(code, 1)
  assert.match(stderr, /denied by Binary Authorization service identity admission rule for /)
})

test('§1.5: a pattern admits what it names and nothing beside it', { skip }, async () => {
  const room = await openRoom(await guardedCluster(), 'pattern')
  await room.setPolicy({ ...DENY_ALL, admissionWhitelistPatterns: [{ namePattern: 'registry.example/base/*' }] })
  await expectOutput(room.kubectl(['apply', '-f', '-'], pod('base', 'registry.example/base/app:v1')))
  const { code, stderr } = await room.kubectl(['apply', '-f', '-'], pod('deep', 'registry.example/base/deep/app:v1'))
  assert.equal(code, 1)
  assert.ok(stderr.endsWith(REFUSED('registry.example/base/deep/app:v1', 'default admission rule')), stderr)
})
