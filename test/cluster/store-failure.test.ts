import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { startServer, type StartedServer } from '../harness/server.ts'
import { missingControlPlane } from './control-plane.ts'
import { guardedCluster, makeCountersign } from './guarded-cluster.ts'
import { expectOutput } from './kubectl.ts'
import { pod } from './objects.ts'
import { requireBuilt } from './policies.ts'
import { imageNamed, openRoom, type Room } from './room.ts'
import { until } from './until.ts'

const skip = missingControlPlane()
const WEBHOOK = 'imagepolicywebhook.image-policy.k8s.io'
const LABEL = { 'image-policy.k8s.io/break-glass': 'true' }

test('DESIGN §8: with the store down the gate goes on with what it knows; what it does not know is undecided, and Fail refuses it', {
  skip,
}, async (t) => {
  const { room, server, known, unknown } = await openStoreRoom(t, 'store-down', [])
  const restore = takeStoreAway(server)
  await expectOutput(room.kubectl(['apply', '-f', '-'], pod('known', known)))
  const refused = await room.kubectl(['apply', '-f', '-'], pod('unknown', unknown))
  assert.match(refused.stderr, /failed calling webhook .*: Countersign could not decide \(STORE_UNAVAILABLE\): the store does not answer\n$/)
  await expectOutput(room.kubectl(['apply', '-f', '-'], pod('urgent', unknown, { labels: LABEL })))
  restore()
  const { stderr } = await room.kubectl(['apply', '-f', '-'], pod('unknown', unknown))
  assert.match(stderr, /denied by attestor/, 'a store that is back is asked again, by itself')
})

test('undecided "error": failurePolicy Ignore admits what could not be decided, and the API server’s audit log says so', { skip }, async (t) => {
  const { room, server, unknown } = await openStoreRoom(t, 'undecided-error', [])
  takeStoreAway(server)
  await failOpen(room)
  await until('Ignore to be minded', async () => ((await room.kubectl(['apply', '-f', '-'], pod('unknown', unknown))).code === 0 ? true : undefined))
  const annotations = await room.auditAnnotations('create', 'unknown')
  const open = Object.entries(annotations).filter(([key]) => key.startsWith('failed-open.validating.webhook.admission.k8s.io/'))
  assert.deepEqual(
    open.map(([, value]) => value),
    [WEBHOOK],
  )
})

test('undecided "deny": what could not be decided is refused, by a fail-open webhook too, and never called a violation', { skip }, async (t) => {
  const { room, server, unknown } = await openStoreRoom(t, 'undecided-deny', ['--undecided', 'deny'])
  takeStoreAway(server)
  await failOpen(room)
  const { code, stderr } = await room.kubectl(['apply', '-f', '-'], pod('unknown', unknown))
  assert.equal(code, 1)
  assert.match(stderr, /admission webhook .* denied the request: Countersign could not decide \(STORE_UNAVAILABLE\): the store does not answer\n$/)
  assert.doesNotMatch(stderr, /VIOLATES_POLICY|denied by/)
})

test('beyond the staleness budget nothing is decided any more', { skip }, async (t) => {
  const { room, server, known } = await openStoreRoom(t, 'store-stale', ['--staleness-budget', '2'])
  takeStoreAway(server)
  const message = await until('the budget to be spent', async () => {
    const { code, stderr } = await room.kubectl(['apply', '--dry-run=server', '-f', '-'], pod('known', known))
    return code === 0 ? undefined : stderr
  })
  assert.match(message, /Countersign could not decide \(STALE\): what is known here is older than the staleness budget allows/)
})

interface StoreRoom {
  readonly room: Room
  readonly server: StartedServer
  /** An image that was signed, and admitted once. */
  readonly known: string
  /** One that was never asked about. */
  readonly unknown: string
}

async function openStoreRoom(t: TestContext, name: string, args: readonly string[]): Promise<StoreRoom> {
  const server = await startServer({ args })
  t.after(server.kill9)
  const room = await openRoom(await guardedCluster(), name, { countersign: makeCountersign(server) })
  const sign = await room.openAttestor()
  await room.setPolicy(requireBuilt(name))
  const [known, unknown] = [imageNamed(`${name}-known`), imageNamed(`${name}-unknown`)]
  await sign(known)
  await expectOutput(room.kubectl(['apply', '--dry-run=server', '-f', '-'], pod('known', known)))
  return { room, server, known, unknown }
}

/** Every reading of the store begins with the feed's head; without that table none succeeds. Gives what brings it back. */
function takeStoreAway(server: StartedServer): () => void {
  const rename = (from: string, to: string): void => {
    using db = new DatabaseSync(join(server.dataFolder, 'countersign.db'), { timeout: 10_000 })
    db.exec(`alter table ${from} rename to ${to}`)
  }
  rename('feed_head', 'feed_head_away')
  return () => rename('feed_head_away', 'feed_head')
}

async function failOpen(room: Room): Promise<void> {
  const patch = [{ op: 'replace', path: '/webhooks/0/failurePolicy', value: 'Ignore' }]
  await expectOutput(room.kubectl(['patch', 'validatingwebhookconfiguration', room.name, '--type=json', '-p', JSON.stringify(patch)]))
}
