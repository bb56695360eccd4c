import assert from 'node:assert/strict'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { startServer } from '../harness/server.ts'
import { tempFolder } from '../harness/temp-folder.ts'
import { callApi } from './api-client.ts'
import { missingControlPlane } from './control-plane.ts'
import { guardedCluster, makeCountersign } from './guarded-cluster.ts'
import { expectOutput } from './kubectl.ts'
import { pod } from './objects.ts'
import { ALLOW_ALL } from './policies.ts'
import { imageNamed, openRoom, type Room } from './room.ts'
import { startService } from './service-proxy.ts'
import { until } from './until.ts'

const skip = missingControlPlane()
const IN_FLIGHT = 4

test('DESIGN §7: of two gates one is told to end while Pods are made: not one of them fails, though the API server keeps its connections', {
  skip,
}, async (t) => {
  const cluster = await guardedCluster()
  const first = await startServer()
  const room = await openRoom(cluster, 'drained', { countersign: makeCountersign(first) })
  await room.setPolicy(ALLOW_ALL)
  await first.stop()
  // Two that know the same: what two gates of one centre are, as long as nothing changes.
  const twinFolder = join(tempFolder(), 'data')
  cpSync(first.dataFolder, twinFolder, { recursive: true })
  const [one, two] = await Promise.all([startServer({ dataFolder: first.dataFolder }), startServer({ dataFolder: twinFolder })])
  t.after(two.stop)
  const service = await startService()
  t.after(service.close)
  const goAway = service.add(Number(new URL(one.webhookUrl).port))
  service.add(Number(new URL(two.webhookUrl).port))
  await askThrough(room, service.url)

  const steady = makePodsUntilTold(cluster.plane.client, room.name)
  await steady.reached(60)
  goAway()
  const ended = one.stop()
  await steady.reached(steady.count() + 60)
  assert.equal((await ended).code, 0)
  await steady.reached(steady.count() + 60)
  assert.deepEqual(await steady.stop(), [])
})

/** Points the webhook to another address, and waits until it is asked there. */
async function askThrough(room: Room, base: string): Promise<void> {
  const printed = await expectOutput(room.kubectl(['get', 'validatingwebhookconfiguration', room.name, '-o', 'json']))
  const { webhooks } = JSON.parse(printed) as { webhooks: readonly { clientConfig: { url: string } }[] }
  const patch = webhooks.map(({ clientConfig }, index) => ({
    op: 'replace',
    path: `/webhooks/${index}/clientConfig/url`,
    value: new URL(new URL(clientConfig.url).pathname, base).href,
  }))
  await expectOutput(room.kubectl(['patch', 'validatingwebhookconfiguration', room.name, '--type=json', '-p', JSON.stringify(patch)]))
  await until('the Service to be asked', async () => {
    const { code } = await room.kubectl(['apply', '--dry-run=server', '-f', '-'], pod('probe', imageNamed('probe')))
    return code === 0 ? true : undefined
  })
}

/** Makes Pods without a pause, some at a time, and keeps what was answered to those that failed. */
function makePodsUntilTold(client: Parameters<typeof callApi>[0], namespace: string) {
  const failures: string[] = []
  let [made, told] = [0, false]
  const waiting: { readonly count: number; readonly resolve: () => void }[] = []
  const worker = async (): Promise<void> => {
    while (!told) {
      const { status, body } = await callApi(client, 'POST', `/api/v1/namespaces/${namespace}/pods?dryRun=All`, pod(`pod-${made}`, imageNamed('app')))
      if (status !== 201) failures.push(body)
      made++
      for (const { count, resolve } of waiting) if (made >= count) resolve()
    }
  }
  const workers = Array.from({ length: IN_FLIGHT }, worker)
  return {
    count: () => made,
    reached: (count: number) => new Promise<void>((resolve) => waiting.push({ count, resolve })),
    stop: async () => {
      told = true
      await Promise.all(workers)
      return failures
    },
  }
}
