import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { TEST_TLS } from '@countersign/gate/testing/certificate.ts'
import { startServer } from '../harness/server.ts'
import { tempFolder } from '../harness/temp-folder.ts'
import { missingControlPlane } from './control-plane.ts'
import { guardedCluster, makeCountersign } from './guarded-cluster.ts'
import { expectOutput } from './kubectl.ts'
import { pod } from './objects.ts'
import { ALLOW_ALL } from './policies.ts'
import { imageNamed, openRoom } from './room.ts'
import { until } from './until.ts'

const skip = missingControlPlane()
const labels = { 'image-policy.k8s.io/break-glass': 'true' }

test('each use of break-glass is told to the hook at once and is an Event in its namespace, even where the image was fine', { skip }, async (t) => {
  const told: { readonly type: string; readonly data: { readonly name: string; readonly overridden: readonly string[] } }[] = []
  const receiver = createServer(TEST_TLS, (request, response) => {
    void text(request).then((body) => {
      told.push(JSON.parse(body) as (typeof told)[number])
      response.writeHead(204).end()
    })
  }).listen(0, '127.0.0.1')
  await once(receiver, 'listening')
  t.after(() => receiver.close())
  const ca = join(tempFolder(), 'ca.pem')
  writeFileSync(ca, TEST_TLS.cert)
  const cluster = await guardedCluster()
  const url = `https://127.0.0.1:${(receiver.address() as AddressInfo).port}/`
  const hook = ['--break-glass-webhook', url, '--break-glass-webhook-ca', ca, '--break-glass-webhook-addresses', 'any']
  const server = await startServer({ args: [...hook, '--break-glass-events', cluster.plane.kubeconfig] })
  t.after(server.stop)
  const room = await openRoom(cluster, 'told', { countersign: makeCountersign(server) })
  const image = imageNamed('app')
  await expectOutput(room.kubectl(['apply', '-f', '-'], pod('overridden', image, { labels })))
  await room.setPolicy(ALLOW_ALL)
  await expectOutput(room.kubectl(['apply', '-f', '-'], pod('fine', image, { labels })))
  await until('both to be told', async () => (told.length >= 2 ? true : undefined))
  assert.deepEqual(
    told.map(({ type, data }) => [type, data.name, data.overridden]),
    [
      ['dev.countersign.break-glass.v1', 'overridden', [image]],
      ['dev.countersign.break-glass.v1', 'fine', []],
    ],
  )
  const messages = await until('both Events', async () => {
    const printed = await expectOutput(room.kubectl(['get', 'events', '-o', 'json']))
    const { items } = JSON.parse(printed) as { items: readonly { reason: string; involvedObject: { name: string }; message: string }[] }
    const found = items.filter(({ reason }) => reason === 'BreakGlass')
    return found.length < 2
      ? undefined
      : found.map(({ involvedObject, message }) => [involvedObject.name, message]).toSorted(([one = ''], [other = '']) => (one < other ? -1 : 1))
  })
  const by = 'Break-glass by image-policy.k8s.io/break-glass, for admin; '
  assert.deepEqual(messages, [
    ['fine', `${by}every image would have been let in without it`],
    ['overridden', `${by}let in regardless: ${image}`],
  ])
})
