import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { StartedGate } from '../harness/gate.ts'
import { tempFolder } from '../harness/temp-folder.ts'
import { admit, type Pod } from './cluster.ts'
import {
  callCentre,
  type Centre,
  gateOf,
  isCurrent,
  makeGateToken,
  openAttestor,
  openCentre,
  reopenCentre,
  waitForGates,
} from './gate-apart-place.ts'
import { waitForLog } from './place.ts'
import { CLUSTER, DIGEST, NGINX, policy, PROJECT, SIGNED, UNSIGNED } from './story.ts'

const CREATES = 'protoPayload.methodName="io.k8s.core.v1.pods.create"'
const UNSEEN: Pod = { name: 'unseen', image: `${NGINX}@sha256:${'1'.repeat(64)}` }
const NAMES = ['one', 'two', 'three']
const PATH = `/countersign/v1/projects/${PROJECT}/clusters/${CLUSTER}`

async function importPolicy({ cli }: Centre, text: string): Promise<void> {
  const file = join(tempFolder(), 'policy.yaml')
  writeFileSync(file, text)
  await cli('policy', 'import', file)
}

/** What a gate answers: allowed, denied, or the status of an answer that is no verdict. */
async function ask({ webhookPath }: Centre, gate: StartedGate, pod: Pod): Promise<string> {
  const { webhookUrl, caFile } = await gate.ready
  try {
    return (await admit(`${webhookUrl}${webhookPath}`, caFile, pod)).allowed ? 'ALLOWED' : 'DENIED'
  } catch (error) {
    return error instanceof Error ? error.message.slice(0, 3) : String(error)
  }
}

const askAll = (centre: Centre, gates: readonly StartedGate[], pod: Pod): Promise<readonly string[]> =>
  Promise.all(gates.map((gate) => ask(centre, gate, pod)))

test('three gates follow one server, decide without it for a while, and lose no decision', { timeout: 180_000 }, async (t) => {
  let centre = await openCentre()
  t.after(() => centre.server.stop())
  const tokenFile = await makeGateToken(centre, CLUSTER)
  const gates = NAMES.map((name) => gateOf(centre, name, { tokenFile, args: name === 'three' ? ['--staleness-budget', '6'] : [] }))
  t.after(() => Promise.all(gates.map((gate) => gate.stop())))
  await Promise.all(gates.map((gate) => gate.ready))

  await t.test('a policy edit reaches all', async () => {
    await importPolicy(centre, policy('ALWAYS_DENY'))
    const shown = await waitForGates(centre, NAMES, isCurrent)
    assert.equal(new Set(shown.map(({ policyEtag }) => policyEtag)).size, 1)
    assert.equal(new Set(shown.map(({ writer }) => writer)).size, 3)
    assert.deepEqual(
      shown.map(({ cluster }) => cluster),
      Array(3).fill(`projects/${PROJECT}/clusters/${CLUSTER}`),
    )
    assert.deepEqual(await askAll(centre, gates, SIGNED), ['DENIED', 'DENIED', 'DENIED'])
  })

  const attestor = await openAttestor(centre)
  await t.test('evidence is fetched on a miss; a signature and the revocation of its key reach all', async () => {
    await importPolicy(centre, policy('REQUIRE_ATTESTATION'))
    await waitForGates(centre, NAMES, isCurrent)
    assert.deepEqual(await askAll(centre, gates, SIGNED), ['DENIED', 'DENIED', 'DENIED'])
    await attestor.sign(`${NGINX}@${DIGEST}`)
    await waitForGates(centre, NAMES, isCurrent)
    assert.deepEqual(await askAll(centre, gates, SIGNED), ['ALLOWED', 'ALLOWED', 'ALLOWED'])
    await centre.cli('attestors', 'public-keys', 'remove', 'https://example.com/key', '--attestor=manually-verified')
    await waitForGates(centre, NAMES, isCurrent)
    assert.deepEqual(await askAll(centre, gates, SIGNED), ['DENIED', 'DENIED', 'DENIED'])
    await attestor.addKey()
    await waitForGates(centre, NAMES, isCurrent)
    assert.deepEqual(await askAll(centre, gates, SIGNED), ['ALLOWED', 'ALLOWED', 'ALLOWED'])
  })

  await t.test('kill -9 of a gate under load loses no decision that was answered', async () => {
    const [gate] = gates
    assert.ok(gate !== undefined)
    const answered = await admitUntilKilled(centre, gate)
    gates[0] = gateOf(centre, 'one', { tokenFile, again: gate })
    await waitForLog(centre, CREATES, (found) => {
      const logged = new Set(found)
      return answered.every((name) => logged.has(`core/v1/namespaces/default/pods/${name}`))
    })
    await waitForGates(centre, NAMES, (shown) => Number(shown.unshippedRecords ?? 0) === 0)
  })

  await t.test('another cluster’s token is refused at the start, and is good for nothing here', async () => {
    const other = await makeGateToken(centre, 'us-central1-a.other')
    const stranger = gateOf(centre, 'stranger', { tokenFile: other })
    assert.deepEqual(await stranger.ended, { code: 3, signal: null })
    assert.match(stranger.stderr(), /countersign gate: permission "countersign.gates.follow" denied for project "my-project"/)
    for (const path of [`${PATH}/world`, `${PATH}/changes`, '/countersign/v1/status', '/countersign/v1/projects', `/v1/projects/${PROJECT}/policy`])
      assert.equal((await callCentre(centre, path, { tokenFile: other })).status, 403, path)
    assert.equal((await callCentre(centre, `/v1/projects/${PROJECT}/policy`, { tokenFile })).status, 403)
  })

  await t.test('forged records are refused, replayed ones are stored once', async () => {
    const [{ writer }] = (await waitForGates(centre, ['one'], () => true)) as readonly [{ readonly writer: string }]
    const { tree } = await callCentre(centre, `/countersign/v1/writers/${writer}/chainRecords`, { tokenFile: centre.server.adminTokenFile })
    const records = tree['records'] as readonly { readonly canonical: string; readonly sequence: string }[]
    const ship = (batch: readonly object[], by = tokenFile, name = writer) =>
      callCentre(centre, `${PATH}:shipRecords`, { tokenFile: by, body: { writer: name, records: batch } })
    const strip = ({ canonical, ...rest }: { readonly canonical: string }) => ({
      canonical,
      ...Object.fromEntries(Object.entries(rest).filter(([key]) => key !== 'writer')),
    })
    assert.equal((await ship(records.slice(0, 5).map(strip))).status, 200)
    const [first] = records
    assert.ok(first !== undefined)
    assert.equal((await ship([{ ...strip(first), canonical: first.canonical.replaceAll('DENIED', 'ALLOWED') }])).status, 400)
    const second = await makeGateToken(centre, CLUSTER)
    assert.equal((await ship([strip(first)], second)).status, 403)
    const elsewhere = await ship([strip(first)], tokenFile, 'gate-00000000-0000-4000-8000-000000000000')
    assert.deepEqual([elsewhere.status, (elsewhere.tree['error'] as { readonly status: string }).status], [400, 'FAILED_PRECONDITION'])
    assert.match(await centre.cli('audit', 'verify'), /intact/)
  })

  await t.test('without the centre: what is known is decided, what is not is undecided, and nothing when it has been away for too long', async () => {
    const [, two, three] = gates
    assert.ok(two !== undefined && three !== undefined)
    assert.deepEqual(await askAll(centre, gates, SIGNED), ['ALLOWED', 'ALLOWED', 'ALLOWED'])
    await centre.server.stop()
    assert.deepEqual(await askAll(centre, [two, three], SIGNED), ['ALLOWED', 'ALLOWED'])
    assert.deepEqual(await askAll(centre, [two, three], UNSEEN), ['503', '503'])
    await waitUntil(async () => (await ask(centre, three, SIGNED)) === '503')
    assert.equal(await ask(centre, two, SIGNED), 'ALLOWED')
  })

  await t.test('with the centre back, all goes on, and the log is whole', async () => {
    centre = await reopenCentre(centre)
    await attestor.sign(UNSEEN.image)
    await importPolicy(centre, policy('REQUIRE_ATTESTATION', 'admissionWhitelistPatterns:\n- namePattern: gcr.io/my-project/free\n'))
    await waitForGates(centre, NAMES, isCurrent)
    assert.deepEqual(await askAll(centre, gates, UNSIGNED), ['DENIED', 'DENIED', 'DENIED'])
    assert.deepEqual(await askAll(centre, gates, UNSEEN), ['ALLOWED', 'ALLOWED', 'ALLOWED'])
    assert.deepEqual(await askAll(centre, gates, { name: 'free', image: 'gcr.io/my-project/free' }), ['ALLOWED', 'ALLOWED', 'ALLOWED'])
    await waitForGates(centre, NAMES, (shown) => Number(shown.unshippedRecords ?? 0) === 0)
    assert.match(await centre.cli('audit', 'verify'), /intact/)
    assert.doesNotMatch(await centre.cli('audit', 'verify'), /BROKEN/)
  })

  await t.test('SIGTERM ends a gate in good order; a second one on its folder is refused while it runs', async () => {
    const [one] = gates
    assert.ok(one !== undefined)
    const twin = gateOf(centre, 'twin', { tokenFile, again: one })
    assert.deepEqual(await twin.ended, { code: 3, signal: null })
    assert.match(twin.stderr(), /another gate uses it/)
    for (const gate of gates) assert.deepEqual(await gate.stop(), { code: 0, signal: null })
  })
})

async function waitUntil(isThere: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 30_000
  while (!(await isThere())) {
    assert.ok(Date.now() < deadline)
    await delay(100)
  }
}

/** Four deployers ask without a pause; after forty answers the gate is killed. Gives the names that were answered. */
async function admitUntilKilled(centre: Centre, gate: StartedGate): Promise<readonly string[]> {
  const answered: string[] = []
  let alive = true
  const deploy = async (deployer: number): Promise<void> => {
    for (let count = 0; alive; count += 1) {
      const pod: Pod = { ...UNSIGNED, name: `pod-${deployer}-${count}` }
      if ((await ask(centre, gate, pod)) !== 'DENIED') return
      answered.push(pod.name)
      if (answered.length < 40 || !alive) continue
      alive = false
      await gate.kill9()
    }
  }
  await Promise.all(Array.from({ length: 4 }, (_, deployer) => deploy(deployer)))
  return answered
}
