import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { runCli } from '../harness/cli.ts'
import { gnupgHome } from '../harness/gnupg.ts'
import { missingParts } from '../harness/parts.ts'
import { clientEnvironment, type StartedServer, startServer } from '../harness/server.ts'
import { tempFolder } from '../harness/temp-folder.ts'
import { admit, type Pod, relabel, review, type Verdict } from './cluster.ts'
import { curlHand } from './curl-hand.ts'
import { gcloudHand, type Track } from './gcloud-hand.ts'
import type { Hand } from './hand.ts'

/*
 * Founding document 2, from "Denying All Images" to "Handling Emergency Situations", once through each hand. The third hand, our own command line, plays
 * it in `demo.test.ts`.
 */
const PROJECT = 'my-project'
const CLUSTER = 'us-central1-a.my-cluster-1'
const NGINX = 'gcr.io/my-project/nginx'
const DIGEST = 'sha256:0390753e0576e3eecf97076c3312d878240fc951f97c1e599ca55fbe4cb9e2bb'
const TAGGED: Pod = { name: 'nginx', image: `${NGINX}:latest` }
const SIGNED: Pod = { name: 'nginx-signed', image: `${NGINX}@${DIGEST}` }
const BREAK_GLASS: Pod = { name: 'nginx-breakglass', image: 'nginx:latest', annotations: { 'alpha.image-policy.k8s.io/break-glass': 'true' } }
const ENFORCED = 'ENFORCED_BLOCK_AND_AUDIT_LOG'

function policy(mode: string, more = ''): string {
  const rule = `    enforcementMode: ${ENFORCED}\n    evaluationMode: ${mode}\n`
  const cluster = `clusterAdmissionRules:\n  ${CLUSTER}:\n${rule}${mode === 'REQUIRE_ATTESTATION' ? `    requireAttestationsBy:\n    - projects/${PROJECT}/attestors/manually-verified\n` : ''}`
  return `${more}${cluster}defaultAdmissionRule:\n  enforcementMode: ${ENFORCED}\n  evaluationMode: ALWAYS_DENY\n`
}

interface Place {
  readonly server: StartedServer
  readonly webhookUrl: string
  readonly cli: (...args: readonly string[]) => Promise<string>
}

async function openPlace(t: TestContext): Promise<Place> {
  const server = await startServer()
  t.after(() => server.stop())
  const cli: Place['cli'] = async (...args) => {
    const { code, stdout, stderr } = await runCli(['--project', PROJECT, ...args], { env: clientEnvironment(server) })
    assert.equal(code, 0, stderr)
    return stdout
  }
  await cli('projects', 'create', PROJECT)
  const { webhookUrl } = JSON.parse(await cli('clusters', 'register', CLUSTER, '-o', 'json')) as { readonly webhookUrl: string }
  return { server, webhookUrl, cli }
}

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
  await expectInLog(place, 'resource.type="k8s_cluster" protoPayload.status.message="PERMISSION_DENIED"', 1)

  await hand.importPolicy(policy('ALWAYS_DENY', `admissionWhitelistPatterns:\n- namePattern: ${NGINX}*\n`))
  assert.equal((await ask(TAGGED)).allowed, true)

  await vouch(t, hand)
  await hand.importPolicy(policy('REQUIRE_ATTESTATION'))
  assert.match((await ask(TAGGED)).message, /Expected digest with sha256 scheme, but got tag or malformed digest$/)
  assert.equal((await ask(SIGNED)).allowed, true)
  assert.equal((await review(webhookUrl, server.caFile, SIGNED)).allowed, true)
  assert.match((await ask({ ...SIGNED, image: `${NGINX}@sha256:${'0'.repeat(64)}` })).message, /No attestations found/)

  assert.equal((await ask(BREAK_GLASS)).allowed, true)
  await expectInLog(place, 'resource.type="k8s_cluster" protoPayload.request.metadata.annotations."alpha.image-policy.k8s.io/break-glass"="true"', 1)
  assert.match(await place.cli('audit', 'verify'), /intact/)

  await hand.deleteAttestor('manually-verified')
  assert.equal((await ask(SIGNED)).allowed, false, 'a rule whose attestor is gone cannot be satisfied')
}

/** The human attestor's part: note, key, attestor, payload, signature, attestation. */
async function vouch(t: TestContext, hand: Hand): Promise<void> {
  const person = gnupgHome()
  t.after(() => person.stop())
  const folder = tempFolder()
  const [keyFile, payloadFile, signatureFile] = ['key.pgp', 'payload.json', 'signature.pgp'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  await hand.createNote('Human-Attestor-Note')
  await person.gpg(['--passphrase', '', '--quick-generate-key', 'attestor@example.com'])
  await person.gpg(['--armor', '--output', keyFile, '--export', 'attestor@example.com'])
  await hand.createAttestor('manually-verified', 'Human-Attestor-Note')
  await hand.addPgpKey('manually-verified', keyFile)
  assert.match(await hand.listAttestors(), /manually-verified/)
  const listed = await person.gpg(['--with-colons', '--list-keys', 'attestor@example.com'])
  const fingerprint = /^fpr:+([0-9A-F]{40}):/m.exec(listed)?.[1] ?? ''
  await hand.writePayload(`${NGINX}@${DIGEST}`, payloadFile)
  await person.gpg(['--local-user', 'attestor@example.com', '--armor', '--output', signatureFile, '--sign', payloadFile])
  assert.match(readFileSync(signatureFile, 'utf8'), /^-----BEGIN PGP MESSAGE-----/)
  await hand.createAttestation('manually-verified', { artifactUrl: `${NGINX}@${DIGEST}`, payloadFile, signatureFile, fingerprint })
  assert.match(await hand.listAttestations('manually-verified'), new RegExp(fingerprint))
}

function textOf({ allowed, message }: Verdict): Pick<Verdict, 'allowed' | 'message'> {
  return { allowed, message }
}

/** Decisions reach the log a moment after they are answered: asked again until they are there, for ten seconds. */
async function expectInLog({ cli }: Place, filter: string, count: number): Promise<void> {
  const deadline = Date.now() + 10_000
  for (;;) {
    const found = JSON.parse(await cli('audit', 'list', '--filter', filter, '-o', 'json')) as readonly unknown[]
    if (found.length >= count) return
    assert.ok(Date.now() < deadline, `${found.length} log entries for ${filter}, expected ${count}`)
  }
}

test('the founding story by literal curl lines', { skip: missingParts('curl', 'gpg', 'gpgconf') }, async (t) => {
  const place = await openPlace(t)
  await playStory(t, place, curlHand(place.server, PROJECT))
})

for (const track of ['ga', 'beta', 'alpha'] satisfies readonly Track[]) {
  test(`the founding story by gcloud (${track}) with endpoint overrides alone`, {
    skip: missingParts('gcloud', 'curl', 'gpg', 'gpgconf'),
  }, async (t) => {
    const place = await openPlace(t)
    await playStory(t, place, gcloudHand(place.server, PROJECT, track))
  })
}
