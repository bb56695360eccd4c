import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { missingParts } from '../harness/parts.ts'
import { admit, type Pod, relabel, remove, review, type Verdict } from './cluster.ts'
import { curlHand } from './curl-hand.ts'
import { gcloudHand, type Track } from './gcloud-hand.ts'
import type { Hand } from './hand.ts'
import { openPlace, type Place, waitForLog } from './place.ts'
import { BREAK_GLASS, CLUSTER, NGINX, policy, PROJECT, SIGNED, TAGGED, UNSIGNED } from './story.ts'
import { vouch } from './vouch.ts'

/*
 * Founding document 2, from "Denying All Images" to "Handling Emergency Situations", once through each hand. The third hand, our own command line, plays
 * it in `demo.test.ts`.
 */
async function playStory(t: TestContext, place: Place, hand: Hand): Promise<void> {
  const { server, webhookUrl } = place
  const ask = (pod: Pod): Promise<Verdict> => admit(webhookUrl, server.caFile, pod)

  await hand.importPolicy(policy('ALWAYS_ALLOW'))
  assert.equal((await ask(TAGGED)).allowed, true)
  await hand.importPolicy(policy('ALWAYS_DENY'))
  assert.match(await hand.exportPolicy(), /ALWAYS_DENY/)
  assert.deepEqual(textOf(await ask(TAGGED)), {
    allowed: false,
    message: `Image ${NGINX}:latest denied by Binary Authorization cluster admission rule for ${CLUSTER}. Denied by always_deny admission rule`,
  })
  assert.deepEqual(textOf(await review(webhookUrl, server.caFile, TAGGED)), {
    allowed: false,
    message: `Denied by cluster admission rule for ${CLUSTER}. Overridden by evaluation mode`,
  })
  assert.equal(await relabel(webhookUrl, server.caFile, TAGGED), true, 'a Pod that runs stays untouched')
  assert.equal(await remove(webhookUrl, server.caFile, TAGGED), true, 'a Pod may always be deleted')
  await waitForLog(place, 'resource.type="k8s_cluster" protoPayload.status.message="PERMISSION_DENIED"', (found) => found.length === 1)

  await hand.importPolicy(policy('ALWAYS_DENY', `admissionWhitelistPatterns:\n- namePattern: ${NGINX}*\n`))
  assert.equal((await ask(TAGGED)).allowed, true)

  await vouch(t, hand)
  await hand.importPolicy(policy('REQUIRE_ATTESTATION'))
  assert.match((await ask(TAGGED)).message, /Expected digest with sha256 scheme, but got tag or malformed digest$/)
  assert.equal((await ask(SIGNED)).allowed, true)
  assert.equal((await review(webhookUrl, server.caFile, SIGNED)).allowed, true)
  assert.match((await ask(UNSIGNED)).message, /No attestations found/)

  assert.equal((await ask(BREAK_GLASS)).allowed, true)
  const byAnnotation = 'resource.type="k8s_cluster" protoPayload.request.metadata.annotations."alpha.image-policy.k8s.io/break-glass"="true"'
  await waitForLog(place, byAnnotation, (found) => found.length === 1)
  assert.equal((await ask({ ...UNSIGNED, labels: { 'image-policy.k8s.io/break-glass': 'true' } })).allowed, true)
  assert.equal((await review(webhookUrl, server.caFile, BREAK_GLASS)).allowed, true)
  const byMark = 'labels."imagepolicywebhook.image-policy.k8s.io/break-glass"="true"'
  await waitForLog(place, byMark, (found) => found.length === 3)
  assert.match(await place.cli('audit', 'verify'), /intact/)
  await place.cli('receipts', 'replay', '--since', '1h')

  await hand.deleteAttestor('manually-verified')
  assert.equal((await ask(SIGNED)).allowed, false, 'a rule whose attestor is gone cannot be satisfied')
}

function textOf({ allowed, message }: Verdict): Pick<Verdict, 'allowed' | 'message'> {
  return { allowed, message }
}

test('the founding story by literal curl lines', { skip: missingParts('curl', 'gpg', 'gpgconf') }, async (t) => {
  const place = await openPlace()
  t.after(() => place.server.stop())
  await playStory(t, place, curlHand(place.server, PROJECT))
})

for (const track of ['ga', 'beta', 'alpha'] satisfies readonly Track[]) {
  test(`the founding story by gcloud (${track}) with endpoint overrides alone`, {
    skip: missingParts('gcloud', 'curl', 'gpg', 'gpgconf'),
  }, async (t) => {
    const place = await openPlace()
    t.after(() => place.server.stop())
    await playStory(t, place, gcloudHand(place.server, PROJECT, track))
  })
}
