import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { freePort } from '../harness/free-port.ts'
import { startServer } from '../harness/server.ts'
import { tempFolder } from '../harness/temp-folder.ts'
import { callApi } from './api-client.ts'
import { missingControlPlane, startControlPlane } from './control-plane.ts'
import { makeCountersign } from './guarded-cluster.ts'
import { expectOutput, makeKubectl } from './kubectl.ts'
import { deployment } from './objects.ts'
import { ALLOW_ALL } from './policies.ts'
import { imageNamed, projectOn } from './room.ts'
import { until } from './until.ts'

const skip = missingControlPlane()
const PROJECT = 'comes-back'
const CLUSTER = 'test.comes-back'

test('a cluster that is stopped and started with a fail-closed webhook comes back by itself, though its gate comes last', { skip }, async (t) => {
  const [dataFolder, planeFolder] = [join(tempFolder(), 'data'), tempFolder()]
  // The address that the webhook configuration names must be the same after the restart.
  const args = ['--webhook-listen', `127.0.0.1:${await freePort()}`]
  const server = await startServer({ dataFolder, args })
  const countersign = makeCountersign(server)
  await countersign(['projects', 'create', PROJECT])
  await projectOn(countersign, PROJECT).setPolicy(ALLOW_ALL)
  const { webhookUrl } = JSON.parse(await countersign(['clusters', 'register', CLUSTER, '--project', PROJECT, '--format', 'json'])) as {
    webhookUrl: string
  }
  const printed = await countersign(['clusters', 'describe', CLUSTER, '--project', PROJECT, '--webhook-configuration'])
  const backend = { url: webhookUrl, caFile: server.caFile }

  const before = await startControlPlane(backend, planeFolder)
  const kubectl = makeKubectl(before.kubeconfig)
  await expectOutput(kubectl(['apply', '-f', '-'], printed))
  await expectOutput(kubectl(['apply', '-f', '-'], deployment('app', imageNamed('app'))))
  await expectOutput(kubectl(['rollout', 'status', 'deployment/app', '--timeout=60s']))
  await before.stop()
  await server.stop()

  const plane = await startControlPlane(backend, planeFolder)
  t.after(plane.stop)
  const again = makeKubectl(plane.kubeconfig)
  await expectOutput(again(['scale', 'deployment/app', '--replicas=2']))
  await until('the second Pod to be refused while no gate is there', async () => {
    const { body } = await callApi(plane.client, 'GET', '/api/v1/namespaces/default/events?fieldSelector=reason%3DFailedCreate')
    return body.includes('connect: connection refused') ? true : undefined
  })
  const restarted = await startServer({ dataFolder, args })
  t.after(restarted.stop)
  // A refused controller waits longer each time; what it waits for is nobody's hand.
  await expectOutput(again(['rollout', 'status', 'deployment/app', '--timeout=120s']))
  const { body } = await callApi(plane.client, 'GET', '/api/v1/namespaces/default/pods?labelSelector=app%3Dapp')
  const pods = (JSON.parse(body) as { items: readonly { status: { phase: string } }[] }).items
  assert.deepEqual(
    pods.map(({ status }) => status.phase),
    ['Running', 'Running'],
  )
})
