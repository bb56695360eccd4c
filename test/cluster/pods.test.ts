import assert from 'node:assert/strict'
import { test } from 'node:test'
import { missingControlPlane } from './control-plane.ts'
import { guardedCluster } from './guarded-cluster.ts'
import { expectOutput } from './kubectl.ts'
import { pod } from './objects.ts'
import { ALLOW_ALL, DENY_ALL, requireBuilt, WATCH_ONLY } from './policies.ts'
import { imageNamed, openRoom } from './room.ts'
import { until } from './until.ts'

const skip = missingControlPlane()
const WEBHOOK = 'imagepolicywebhook.image-policy.k8s.io'
const REFUSED = `Error from server (VIOLATES_POLICY): error when creating "STDIN": admission webhook "${WEBHOOK}" denied the request: `
const NOT_FOUND = 'No attestations found that were valid and signed by a key trusted by the attestor'
const DENIED = (image: string) => `Image ${image} denied by Binary Authorization default admission rule. Denied by always_deny admission rule`

test('§6.4: a Pod that nobody signed is refused in the original’s words, with the command that mends it; signed, it runs', { skip }, async () => {
  const room = await openRoom(await guardedCluster(), 'unsigned')
  const sign = await room.openAttestor()
  await room.setPolicy(requireBuilt(room.name))
  const image = imageNamed('app')
  const attestor = `projects/${room.name}/attestors/built`

  const refused = await room.kubectl(['apply', '-f', '-'], pod('app', image))
  assert.deepEqual(refused, {
    code: 1,
    stdout: '',
    stderr:
      `Warning: Attest the image: countersign attestations sign-and-create --artifact-url=${image} --attestor=${attestor}\n` +
      `${REFUSED}Image ${image} denied by Binary Authorization default admission rule. Image ${image} denied by attestor ${attestor}: ${NOT_FOUND}\n`,
  })
  // Not the receipt: the ImagePolicyWebhook plugin, which asks for each Pod as well, writes its own under the same key, and first.
  const annotations = await room.auditAnnotations('create', 'app')
  assert.match(annotations[`${WEBHOOK}/fix`] ?? '', /^Attest the image: countersign attestations sign-and-create /)

  await sign(image)
  assert.deepEqual(await room.kubectl(['apply', '-f', '-'], pod('app', image)), { code: 0, stdout: 'pod/app created\n', stderr: '' })
  await expectOutput(room.kubectl(['wait', '--for=condition=Ready', 'pod/app', '--timeout=60s']))
})

test('§6.4: an image by tag is refused where the rule asks for attestations', { skip }, async () => {
  const room = await openRoom(await guardedCluster(), 'by-tag')
  await room.openAttestor()
  await room.setPolicy(requireBuilt(room.name))
  const { code, stderr } = await room.kubectl(['run', 'app', '--image=registry.example/app:v1'])
  assert.equal(code, 1)
  assert.match(
    stderr,
    /denied by attestor projects\/by-tag\/attestors\/built: Expected digest with sha256 scheme, but got tag or malformed digest\n$/,
  )
})

test('a server-side dry run is answered and leaves no record', { skip }, async () => {
  const room = await openRoom(await guardedCluster(), 'dry-run-of-server')
  const image = imageNamed('app')
  const dry = await room.kubectl(['apply', '--dry-run=server', '-f', '-'], pod('rehearsed', image))
  assert.match(dry.stderr, /denied by Binary Authorization default admission rule/)
  await room.kubectl(['apply', '-f', '-'], pod('meant', image))
  const decisions = await until('a decision on record', async () => {
    const found = await room.listDecisions()
    return found.length === 0 ? undefined : found
  })
  assert.deepEqual(
    decisions.map(({ protoPayload }) => protoPayload.resourceName),
    ['core/v1/namespaces/dry-run-of-server/pods/meant'],
  )
})

test('§6.6: a rule that only watches admits, warns the person and marks the audit log', { skip }, async () => {
  const room = await openRoom(await guardedCluster(), 'watch-only')
  await room.setPolicy(WATCH_ONLY)
  const image = imageNamed('app')
  const { code, stdout, stderr } = await room.kubectl(['apply', '-f', '-'], pod('app', image))
  assert.deepEqual({ code, stdout }, { code: 0, stdout: 'pod/app created\n' })
  assert.match(stderr, /^Warning: Dry run: would be denied\. Image registry\.example\/app@sha256:/)
  const annotations = await room.auditAnnotations('create', 'app')
  assert.equal(annotations[`${WEBHOOK}/dry-run`], 'true')
  assert.match(annotations[`${WEBHOOK}/overridden-verification-result`] ?? '', /^'registry\.example\/app@sha256:[0-9a-f]{64}' : /)
})

test('§6.2: a running Pod keeps its labels, status and end under a policy that would refuse it now; another image is refused', { skip }, async () => {
  const room = await openRoom(await guardedCluster(), 'existing')
  await room.setPolicy(ALLOW_ALL)
  await expectOutput(room.kubectl(['apply', '-f', '-'], pod('app', imageNamed('app'))))
  await expectOutput(room.kubectl(['wait', '--for=condition=Ready', 'pod/app', '--timeout=60s']))
  await room.setPolicy(DENY_ALL)

  await expectOutput(room.kubectl(['label', 'pod', 'app', 'colour=red']))
  await expectOutput(room.kubectl(['annotate', 'pod', 'app', 'note=kept']))
  await expectOutput(room.kubectl(['patch', 'pod', 'app', '--type=merge', '-p', '{"metadata":{"finalizers":["test.example/hold"]}}']))
  const changed = await room.kubectl(['set', 'image', 'pod/app', `app=${imageNamed('other')}`])
  assert.equal(changed.code, 1)
  assert.ok(changed.stderr.endsWith(`denied the request: ${DENIED(imageNamed('other'))}\n`), changed.stderr)
  await expectOutput(room.kubectl(['delete', 'pod', 'app', '--wait=false']))
  await expectOutput(room.kubectl(['patch', 'pod', 'app', '--type=merge', '-p', '{"metadata":{"finalizers":null}}']))
  await expectOutput(room.kubectl(['wait', '--for=delete', 'pod/app', '--timeout=60s']))
})

test('§6.2: kubectl debug with an image that nobody signed is refused', { skip }, async () => {
  const room = await openRoom(await guardedCluster(), 'ephemeral')
  const sign = await room.openAttestor()
  await room.setPolicy(requireBuilt(room.name))
  await sign(imageNamed('app'))
  await expectOutput(room.kubectl(['apply', '-f', '-'], pod('app', imageNamed('app'))))
  const debug = (image: string) => room.kubectl(['debug', 'app', `--image=${image}`, '--container=probe', '--attach=false', '--profile=general'])

  const refused = await debug(imageNamed('shell'))
  assert.equal(refused.code, 1)
  assert.match(refused.stderr, new RegExp(`admission webhook "${WEBHOOK}" denied the request: Image ${imageNamed('shell')} denied by `))
  await sign(imageNamed('shell'))
  const admitted = await debug(imageNamed('shell'))
  assert.equal(admitted.code, 0, admitted.stderr)
})

test('peers.md §1.7: an image volume is an image', { skip }, async () => {
  const room = await openRoom(await guardedCluster(), 'image-volume')
  const sign = await room.openAttestor()
  await room.setPolicy(requireBuilt(room.name))
  await sign(imageNamed('app'))
  const data = imageNamed('data')
  const withVolume = pod('app', imageNamed('app'), { volumes: [{ name: 'data', image: { reference: data } }] })

  const refused = await room.kubectl(['apply', '-f', '-'], withVolume)
  assert.equal(refused.code, 1)
  assert.ok(refused.stderr.includes(`${REFUSED}Image ${data} denied by Binary Authorization default admission rule. `), refused.stderr)
  await sign(data)
  await expectOutput(room.kubectl(['apply', '-f', '-'], withVolume))
})

test('an image text with line feeds and escape codes reaches nobody’s terminal or log as it is', { skip }, async () => {
  const room = await openRoom(await guardedCluster(), 'hostile')
  const hostile = 'registry.example/app\u001b[2J:v1\nWarning: all is well\u202e'
  const { code, stderr } = await room.kubectl(['apply', '-f', '-'], pod('app', hostile))
  assert.equal(code, 1)
  assert.match(stderr, /denied by Binary Authorization default admission rule/)
  assert.doesNotMatch(stderr, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/)
  assert.doesNotMatch(stderr, /^Warning: all is well/m)
  assert.equal(JSON.stringify(await room.auditAnnotations('create', 'app')).includes('\\u001b'), false)
})
