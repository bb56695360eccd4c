import assert from 'node:assert/strict'
import { test } from 'node:test'
import { missingControlPlane } from './control-plane.ts'
import { guardedCluster } from './guarded-cluster.ts'
import { expectOutput } from './kubectl.ts'
import { deployment, workload, WORKLOAD_KINDS, WORKLOAD_RULES } from './objects.ts'
import { requireBuilt } from './policies.ts'
import { imageNamed, openRoom, type Room } from './room.ts'
import { until } from './until.ts'

const skip = missingControlPlane()

test('§6.2: a Deployment is admitted, its ReplicaSet says why no Pod comes, and it starts by itself once the image is signed', { skip }, async () => {
  const room = await openRoom(await guardedCluster(), 'replica-set')
  const sign = await room.openAttestor()
  await room.setPolicy(requireBuilt(room.name))
  const image = imageNamed('app')
  assert.deepEqual(await room.kubectl(['apply', '-f', '-'], deployment('app', image)), {
    code: 0,
    stdout: 'deployment.apps/app created\n',
    stderr: '',
  })
  const message = await findFailure(room, 'ReplicaSet')
  assert.ok(message.startsWith('Error creating: admission webhook "imagepolicywebhook.image-policy.k8s.io" denied the request: '), message)
  assert.ok(message.includes(`Image ${image} denied by attestor projects/${room.name}/attestors/built: `), message)
  await sign(image)
  await expectOutput(room.kubectl(['rollout', 'status', 'deployment/app', '--timeout=120s']))
})

test('a CronJob’s Job fails to make its Pod, and says why', { skip }, async () => {
  const room = await openRoom(await guardedCluster(), 'cron-job')
  await expectOutput(room.kubectl(['apply', '-f', '-'], workload('nightly', imageNamed('app'), 'CronJob')))
  await expectOutput(room.kubectl(['create', 'job', 'tonight', '--from=cronjob/nightly']))
  assert.match(await findFailure(room, 'Job'), /denied by Binary Authorization default admission rule\. Denied by always_deny admission rule$/)
})

test('with rules for workloads every kind is refused at its door, and admitted when its image is signed', { skip }, async (t) => {
  const room = await openRoom(await guardedCluster(), 'early', { rules: WORKLOAD_RULES })
  const sign = await room.openAttestor()
  await room.setPolicy(requireBuilt(room.name))
  await sign(imageNamed('good'))
  for (const kind of WORKLOAD_KINDS) {
    await t.test(kind, async () => {
      const refused = await room.kubectl(['apply', '-f', '-'], workload('bad', imageNamed('bad'), kind))
      assert.equal(refused.code, 1)
      assert.match(
        refused.stderr,
        new RegExp(`denied the request: Image ${imageNamed('bad')} denied by Binary Authorization default admission rule\\. `),
      )
      const admitted = await room.kubectl(['apply', '-f', '-'], workload('good', imageNamed('good'), kind))
      assert.deepEqual({ code: admitted.code, stderr: admitted.stderr }, { code: 0, stderr: '' })
    })
  }
  await expectOutput(room.kubectl(['rollout', 'status', 'deployment/good', '--timeout=60s']))
})

test('with rules for workloads a Deployment that is refused now can still be scaled and deleted', { skip }, async () => {
  const room = await openRoom(await guardedCluster(), 'scale', { rules: WORKLOAD_RULES })
  const sign = await room.openAttestor()
  await room.setPolicy(requireBuilt(room.name))
  await sign(imageNamed('app'))
  await expectOutput(room.kubectl(['apply', '-f', '-'], deployment('app', imageNamed('app'))))
  await expectOutput(room.kubectl(['rollout', 'status', 'deployment/app', '--timeout=60s']))
  await room.setPolicy({ defaultAdmissionRule: { evaluationMode: 'ALWAYS_DENY', enforcementMode: 'ENFORCED_BLOCK_AND_AUDIT_LOG' } })
  await expectOutput(room.kubectl(['scale', 'deployment/app', '--replicas=0']))
  await expectOutput(room.kubectl(['label', 'deployment', 'app', 'colour=red']))
  await expectOutput(room.kubectl(['patch', 'deployment', 'app', '-p', '{"spec":{"paused":true}}']))
  await expectOutput(room.kubectl(['delete', 'deployment', 'app', '--timeout=60s']))
})

async function findFailure(room: Room, kind: string): Promise<string> {
  return await until(`FailedCreate on a ${kind}`, async () => {
    const fields = `reason=FailedCreate,involvedObject.kind=${kind}`
    const printed = await expectOutput(room.kubectl(['get', 'events', `--field-selector=${fields}`, '-o', 'jsonpath={.items[0].message}']))
    return printed === '' ? undefined : printed
  })
}
