import assert from 'node:assert/strict'
import { test } from 'node:test'
import { missingParts } from '../harness/parts.ts'
import { admit, type Pod } from './cluster.ts'
import { curlHand } from './curl-hand.ts'
import { openPlace, type Place, reopenPlace, waitForLog } from './place.ts'
import { policy, PROJECT, SIGNED, TAGGED, UNSIGNED } from './story.ts'
import { vouch } from './vouch.ts'

const OPTIONS = { skip: missingParts('curl', 'gpg', 'gpgconf') }
const CREATES = 'protoPayload.methodName="io.k8s.core.v1.pods.create"'

/** What must be the same before and after. */
async function lookAround({ server, webhookUrl, cli }: Place): Promise<unknown> {
  const verdicts = await Promise.all([SIGNED, UNSIGNED, TAGGED].map((pod) => admit(webhookUrl, server.caFile, pod)))
  const stored = await Promise.all([
    cli('policy', 'export'),
    cli('attestors', 'describe', 'manually-verified'),
    cli('attestations', 'list', '--attestor=manually-verified'),
  ])
  return { verdicts: verdicts.map(({ allowed, message }) => ({ allowed, message })), stored }
}

test('a server that ends and starts again finds the story as it was', OPTIONS, async (t) => {
  const before = await openPlace()
  const hand = curlHand(before.server, PROJECT)
  await vouch(t, hand)
  await hand.importPolicy(policy('REQUIRE_ATTESTATION'))
  const seen = await lookAround(before)
  assert.partialDeepStrictEqual(seen, { verdicts: [{ allowed: true }, { allowed: false }, { allowed: false }] })
  assert.deepEqual(await before.server.stop(), { code: 0, signal: null })

  const after = await reopenPlace(before)
  t.after(() => after.server.stop())
  assert.equal(new URL(after.webhookUrl).pathname, new URL(before.webhookUrl).pathname)
  assert.deepEqual(await lookAround(after), seen)
  await waitForLog(after, CREATES, (found) => found.length === 6)
})

test('kill -9 under load loses no decision that was answered', { skip: missingParts('curl') }, async (t) => {
  const before = await openPlace()
  await curlHand(before.server, PROJECT).importPolicy(policy('ALWAYS_DENY'))
  const answered = await admitUntilKilled(before)
  assert.ok(answered.length >= 50)

  const after = await reopenPlace(before)
  t.after(() => after.server.stop())
  await waitForLog(after, CREATES, (found) => {
    const logged = new Set(found)
    return answered.every((name) => logged.has(`core/v1/namespaces/default/pods/${name}`))
  })
  assert.match(await after.cli('audit', 'verify'), /intact/)
  assert.equal((await admit(after.webhookUrl, after.server.caFile, TAGGED)).allowed, false)
})

/** Eight deployers ask without a pause; after fifty answers the server is killed. Gives the names that were answered. */
async function admitUntilKilled({ server, webhookUrl }: Place): Promise<readonly string[]> {
  const answered: string[] = []
  let alive = true
  const deploy = async (deployer: number): Promise<void> => {
    for (let count = 0; alive; count += 1) {
      const pod: Pod = { ...TAGGED, name: `pod-${deployer}-${count}` }
      const verdict = await admit(webhookUrl, server.caFile, pod).catch(() => undefined)
      if (verdict === undefined) return
      assert.equal(verdict.allowed, false)
      answered.push(pod.name)
      if (answered.length === 50) {
        alive = false
        await server.kill9()
      }
    }
  }
  await Promise.all(Array.from({ length: 8 }, (_, deployer) => deploy(deployer)))
  return answered
}
