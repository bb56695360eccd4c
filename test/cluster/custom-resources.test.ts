import assert from 'node:assert/strict'
import { test } from 'node:test'
import { missingControlPlane } from './control-plane.ts'
import { app, definition, knativeService, pipeline, rollout } from './custom-resources.ts'
import { type GuardedCluster, guardedCluster } from './guarded-cluster.ts'
import { expectOutput } from './kubectl.ts'
import { DENY_ALL } from './policies.ts'
import { imageNamed, openRoom } from './room.ts'

const skip = missingControlPlane()
const PATHS = ['argo-rollouts', 'tekton', 'example.com/v1/App:spec.image', 'example.com/v1/App:spec.sidecars[*].image']

async function define({ kubectl }: GuardedCluster): Promise<void> {
  const definitions = [
    definition('argoproj.io', 'v1alpha1', 'Rollout'),
    definition('tekton.dev', 'v1', 'Pipeline'),
    definition('example.com', 'v1', 'App'),
  ]
  await expectOutput(kubectl(['apply', '-f', '-'], { apiVersion: 'v1', kind: 'List', items: definitions }))
  const names = ['rollouts.argoproj.io', 'pipelines.tekton.dev', 'apps.example.com']
  await expectOutput(kubectl(['wait', '--for=condition=Established', '--timeout=60s', ...names.map((name) => `crd/${name}`)]))
}

test('custom resources are refused at their door where paths say where they name images, and can still be scaled and deleted', {
  skip,
}, async (t) => {
  const cluster = await guardedCluster()
  await define(cluster)
  const room = await openRoom(cluster, 'custom', { register: PATHS.flatMap((path) => ['--image-path', path]) })
  await room.setPolicy({ ...DENY_ALL, admissionWhitelistPatterns: [{ namePattern: imageNamed('good') }] })
  for (const make of [rollout, pipeline, app]) {
    await t.test(make.name, async () => {
      const refused = await room.kubectl(['apply', '-f', '-'], make('bad', imageNamed('bad')))
      assert.equal(refused.code, 1)
      assert.ok(
        refused.stderr.includes(
          `admission webhook "custom.imagepolicywebhook.image-policy.k8s.io" denied the request: Image ${imageNamed('bad')} denied by Binary Authorization default admission rule. `,
        ),
        refused.stderr,
      )
      const admitted = await room.kubectl(['apply', '-f', '-'], make('good', imageNamed('good')))
      assert.deepEqual({ code: admitted.code, stderr: admitted.stderr }, { code: 0, stderr: '' })
    })
  }
  await room.setPolicy(DENY_ALL)
  await expectOutput(room.kubectl(['scale', 'rollout/good', '--replicas=0']))
  await expectOutput(room.kubectl(['label', 'rollout', 'good', 'colour=red']))
  await expectOutput(room.kubectl(['patch', 'rollout/good', '--type=merge', '-p', '{"spec":{"paused":true}}']))
  await expectOutput(room.kubectl(['patch', 'rollout/good', '--type=merge', '--subresource=status', '-p', '{"status":{"replicas":0}}']))
  for (const kind of ['rollout', 'pipeline', 'app']) await expectOutput(room.kubectl(['delete', `${kind}s`, 'good', '--timeout=60s']))
})

test('a path that finds nothing refuses nothing: what the resource makes is decided when it comes', { skip }, async () => {
  const cluster = await guardedCluster()
  await define(cluster)
  const room = await openRoom(cluster, 'custom-empty', { register: ['--image-path', 'argo-rollouts'] })
  const empty = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', metadata: { name: 'elsewhere' }, spec: { workloadRef: { name: 'app' } } }
  await expectOutput(room.kubectl(['apply', '-f', '-'], empty))
  const shaped = { ...empty, metadata: { name: 'misshapen' }, spec: { template: { spec: { containers: 'app' } } } }
  const refused = await room.kubectl(['apply', '-f', '-'], shaped)
  assert.match(refused.stderr, /Countersign cannot read the review: .*spec\.template\.spec\.containers: Expected a list, got a string/)
})

test('§6.8: a Knative Service that asks to be checked is refused in Cloud Run’s words, and admitted with a justification, on record', {
  skip,
}, async () => {
  const cluster = await guardedCluster()
  await expectOutput(cluster.kubectl(['apply', '-f', '-'], definition('serving.knative.dev', 'v1', 'Service')))
  await expectOutput(cluster.kubectl(['wait', '--for=condition=Established', '--timeout=60s', 'crd/services.serving.knative.dev']))
  const room = await openRoom(cluster, 'knative', { register: ['--knative', 'on'] })
  const asking = { 'run.googleapis.com/binary-authorization': 'default' }
  const image = imageNamed('web')
  const apply = (name: string, annotations: Readonly<Record<string, string>>) =>
    room.kubectl(['apply', '-f', '-'], knativeService(name, image, annotations))
  const refused = await apply('web', asking)
  assert.equal(refused.code, 1)
  const said = `Service update rejected by Binary Authorization policy: Container image '${image}' is not authorized by policy. Denied by always_deny admission rule`
  assert.ok(
    refused.stderr.includes('Error from server (ContainerImageUnauthorized): ') &&
      refused.stderr.includes(`admission webhook "knative.imagepolicywebhook.image-policy.k8s.io" denied the request: ${said}`),
    refused.stderr,
  )
  assert.equal((await apply('unasked', {})).code, 0)
  const broken = await apply('urgent', { ...asking, 'run.googleapis.com/binary-authorization-breakglass': 'incident 12' })
  assert.equal(broken.code, 0, broken.stderr)
  assert.match(broken.stderr, /^Warning: Break-glass: admitted by run\.googleapis\.com\/binary-authorization-breakglass; this is on record\n/)
  await expectOutput(room.kubectl(['label', 'services.serving.knative.dev', 'urgent', 'colour=red']))
  const alone = await apply('alone', { 'run.googleapis.com/binary-authorization-breakglass': 'incident 12' })
  assert.match(alone.stderr, /needs run\.googleapis\.com\/binary-authorization: default beside it/)
})
