import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startServer } from '../harness/server.ts'
import { missingControlPlane } from './control-plane.ts'
import { guardedCluster, makeCountersign } from './guarded-cluster.ts'
import { expectOutput } from './kubectl.ts'
import { pod } from './objects.ts'
import { imageNamed, openRoom } from './room.ts'
import { until } from './until.ts'

const skip = missingControlPlane()
const WEBHOOK = 'imagepolicywebhook.image-policy.k8s.io'

test('§6.3: with the gate down the failure policy speaks, and break-glass still works', { skip }, async () => {
  const server = await startServer()
  const room = await openRoom(await guardedCluster(), 'gate-down', { countersign: makeCountersign(server) })
  await server.stop()

  const failed = await room.kubectl(['apply', '-f', '-'], pod('app', imageNamed('app')))
  assert.equal(failed.code, 1)
  const start = `Error from server (InternalError): error when creating "STDIN": Internal error occurred: failed calling webhook "${WEBHOOK}": failed to call webhook: `
  assert.ok(failed.stderr.startsWith(start) && failed.stderr.endsWith('connect: connection refused\n'), failed.stderr)

  await expectOutput(room.kubectl(['apply', '-f', '-'], pod('urgent', imageNamed('app'), { labels: { 'image-policy.k8s.io/break-glass': 'true' } })))
  assert.deepEqual(failedOpen(await room.auditAnnotations('create', 'urgent')), [`break-glass.${WEBHOOK}`])

  const ignore = [0, 1].map((index) => ({ op: 'replace', path: `/webhooks/${index}/failurePolicy`, value: 'Ignore' }))
  await expectOutput(room.kubectl(['patch', 'validatingwebhookconfiguration', room.name, '--type=json', '-p', JSON.stringify(ignore)]))
  await until('Ignore to be minded', async () =>
    (await room.kubectl(['apply', '-f', '-'], pod('app', imageNamed('app')))).code === 0 ? true : undefined,
  )
  assert.deepEqual(failedOpen(await room.auditAnnotations('create', 'app')), [WEBHOOK])
})

test('a cluster that was removed is decided by its failure policy, never by a default of ours', { skip }, async () => {
  const cluster = await guardedCluster()
  const room = await openRoom(cluster, 'removed')
  await cluster.countersign(['clusters', 'remove', 'test.cluster', '--project', room.name, '--quiet'])
  const { code, stderr } = await room.kubectl(['apply', '-f', '-'], pod('app', imageNamed('app')))
  assert.equal(code, 1)
  assert.match(stderr, /failed calling webhook "imagepolicywebhook\.image-policy\.k8s\.io": failed to call webhook: .*UNKNOWN_CLUSTER/)
})

function failedOpen(annotations: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(annotations).flatMap(([key, value]) => (key.startsWith('failed-open.validating.webhook.admission.k8s.io/') ? [value] : []))
}
