import assert from 'node:assert/strict'
import { test } from 'node:test'
import { missingControlPlane } from './control-plane.ts'
import { guardedCluster } from './guarded-cluster.ts'
import { expectOutput } from './kubectl.ts'
import { deployment, pod } from './objects.ts'
import { DENY_ALL } from './policies.ts'
import { imageNamed, openRoom } from './room.ts'
import { openSyncLoop } from './sync-loop.ts'
import { until } from './until.ts'

const skip = missingControlPlane()
const IMAGE = imageNamed('web')
const ALLOWED = { ...DENY_ALL, admissionWhitelistPatterns: [{ namePattern: IMAGE }] }

test('a commit is applied, refused with the error in the loop’s log, and runs by itself once the policy is put right', { skip }, async () => {
  const room = await openRoom(await guardedCluster(), 'gitops')
  const loop = openSyncLoop(room)

  loop.commit('web.json', pod('web', IMAGE))
  const refused = await loop.turn()
  assert.match(refused, /^[0-9a-f]+ failed\n/)
  assert.ok(
    refused.includes(
      `admission webhook "imagepolicywebhook.image-policy.k8s.io" denied the request: Image ${IMAGE} denied by Binary Authorization default admission rule. Denied by always_deny admission rule`,
    ),
    refused,
  )

  await room.setPolicy(ALLOWED)
  assert.match(await loop.turn(), /^[0-9a-f]+ synced\npod\/web created\n$/, 'no commit was needed')
  await expectOutput(room.kubectl(['wait', '--for=condition=Ready', 'pod/web', '--timeout=60s']))

  await room.setPolicy(DENY_ALL)
  assert.match(await loop.turn(), /^[0-9a-f]+ synced\npod\/web (?:configured|unchanged)\n$/)
  loop.commit('web.json', pod('web', IMAGE, { labels: { colour: 'red' } }))
  assert.match(await loop.turn(), /^[0-9a-f]+ synced\npod\/web configured\n$/, 'a label is none of the policy’s business')
  assert.equal(await expectOutput(room.kubectl(['get', 'pod', 'web', '-o', 'jsonpath={.status.phase}'])), 'Running')

  await expectOutput(room.kubectl(['delete', 'pod', 'web', '--timeout=60s']))
  assert.match(await loop.turn(), /^[0-9a-f]+ failed\n/, 'made anew it meets the policy')
})

test('a Deployment from git starts its Pods by itself when the policy is put right, with nothing applied again', { skip }, async () => {
  const room = await openRoom(await guardedCluster(), 'gitops-deployment')
  const loop = openSyncLoop(room)
  loop.commit('web.json', deployment('web', IMAGE))
  assert.match(await loop.turn(), /^[0-9a-f]+ synced\ndeployment\.apps\/web created\n$/)
  await until('FailedCreate on the ReplicaSet', async () => {
    const fields = 'reason=FailedCreate,involvedObject.kind=ReplicaSet'
    const printed = await expectOutput(room.kubectl(['get', 'events', `--field-selector=${fields}`, '-o', 'jsonpath={.items[0].message}']))
    return printed === '' ? undefined : printed
  })
  await room.setPolicy(ALLOWED)
  await expectOutput(room.kubectl(['rollout', 'status', 'deployment/web', '--timeout=120s']))
})
