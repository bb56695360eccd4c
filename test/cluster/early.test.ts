import assert from 'node:assert/strict'
import { test } from 'node:test'
import { missingControlPlane } from './control-plane.ts'
import { guardedCluster } from './guarded-cluster.ts'
import { expectOutput } from './kubectl.ts'
import { deployment, workload, WORKLOAD_KINDS } from './objects.ts'
import { ALLOW_ALL, DENY_ALL } from './policies.ts'
import { imageNamed, openRoom } from './room.ts'

const skip = missingControlPlane()
const SCALED: readonly string[] = ['Deployment', 'StatefulSet', 'ReplicaSet', 'ReplicationController']
const NO_STATUS: readonly string[] = ['PodTemplate']
/** Kubernetes itself lets nobody change the template of a Job. */
const FIXED: readonly string[] = ['Job']

test('a policy that came later blocks no scaling, marking, finalizer, status or deletion of what exists, but a changed image', {
  skip,
}, async (t) => {
  const room = await openRoom(await guardedCluster(), 'untouched', { register: ['--workloads', 'deny'] })
  await room.setPolicy(ALLOW_ALL)
  for (const kind of WORKLOAD_KINDS) await expectOutput(room.kubectl(['apply', '-f', '-'], workload('old', imageNamed('old'), kind)))
  await room.setPolicy(DENY_ALL)
  for (const kind of WORKLOAD_KINDS) {
    await t.test(kind, async () => {
      const name = `${kind.toLowerCase()}/old`
      const merge = (patch: object, ...flags: readonly string[]) =>
        room.kubectl(['patch', name, '--type=merge', '-p', JSON.stringify(patch), ...flags])
      if (SCALED.includes(kind)) await expectOutput(room.kubectl(['scale', name, '--replicas=0']))
      if (SCALED.includes(kind)) await expectOutput(merge({ spec: { replicas: 2 } }))
      if (kind === 'CronJob' || kind === 'Job') await expectOutput(merge({ spec: { suspend: true } }))
      await expectOutput(room.kubectl(['label', name, 'colour=red']))
      await expectOutput(room.kubectl(['annotate', name, 'note=kept']))
      await expectOutput(merge({ metadata: { finalizers: ['example.com/kept'] } }))
      if (!NO_STATUS.includes(kind)) await expectOutput(merge({ status: {} }, '--subresource=status'))
      if (!FIXED.includes(kind)) {
        const changed = await room.kubectl(['apply', '-f', '-'], workload('old', imageNamed('new'), kind))
        assert.equal(changed.code, 1)
        assert.match(changed.stderr, /admission webhook "workloads\.imagepolicywebhook\.image-policy\.k8s\.io" denied the request: Image /)
      }
      await expectOutput(merge({ metadata: { finalizers: null } }))
      await expectOutput(room.kubectl(['delete', name, '--wait=false']))
    })
  }
})

test('workloads: warn admits and tells the person who applies; ignore says nothing; deny refuses', { skip }, async () => {
  const room = await openRoom(await guardedCluster(), 'warned', { register: ['--workloads', 'warn'] })
  const image = imageNamed('warned')
  const warned = await room.kubectl(['apply', '-f', '-'], deployment('warned', image))
  assert.equal(warned.code, 0)
  assert.ok(
    warned.stderr.startsWith(
      `Warning: Its Pods would be refused: Image ${image} denied by Binary Authorization default admission rule. Denied by always_deny admission rule\n`,
    ),
    warned.stderr,
  )
  await room.updateCluster(['--workloads', 'ignore'])
  assert.deepEqual(await room.kubectl(['apply', '-f', '-'], deployment('ignored', image)), {
    code: 0,
    stdout: 'deployment.apps/ignored created\n',
    stderr: '',
  })
  await room.updateCluster(['--workloads', 'deny'])
  assert.equal((await room.kubectl(['apply', '-f', '-'], deployment('denied', image))).code, 1)
  const decisions = await room.listDecisions()
  assert.ok(
    decisions.every(({ protoPayload: { resourceName } }) => !/deployments\/(warned|ignored)/.test(resourceName ?? '')),
    'a warning is no decision',
  )
})
