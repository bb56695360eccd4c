import assert from 'node:assert/strict'
import { test } from 'node:test'
import { missingControlPlane } from './control-plane.ts'
import { guardedCluster } from './guarded-cluster.ts'
import { expectOutput } from './kubectl.ts'
import { pod } from './objects.ts'
import { ALLOW_ALL } from './policies.ts'
import { imageNamed, openRoom } from './room.ts'
import { until } from './until.ts'

const skip = missingControlPlane()
const LABEL = 'image-policy.k8s.io/break-glass'
const ANNOTATION = 'alpha.image-policy.k8s.io/break-glass'
const WEBHOOK = 'imagepolicywebhook.image-policy.k8s.io'

test('§6.5: the label admits, warns, marks the API server’s audit log and is on record', { skip }, async () => {
  const room = await openRoom(await guardedCluster(), 'by-label')
  const image = imageNamed('app')
  const { code, stdout, stderr } = await room.kubectl(['apply', '-f', '-'], pod('app', image, { labels: { [LABEL]: 'true' } }))
  assert.deepEqual({ code, stdout }, { code: 0, stdout: 'pod/app created\n' })
  assert.ok(stderr.startsWith(`Warning: Break-glass: admitted by ${LABEL}; this is on record\n`), stderr)
  await expectOutput(room.kubectl(['wait', '--for=condition=Ready', 'pod/app', '--timeout=60s']))
  const annotations = await room.auditAnnotations('create', 'app')
  // Such a Pod meets the entry that is open when the gate is down; its name goes before the original's label.
  assert.equal(annotations[`break-glass.${WEBHOOK}/break-glass`], 'true')
  assert.match(annotations[`break-glass.${WEBHOOK}/overridden-verification-result`] ?? '', /^'registry\.example\/app@sha256:/)
  const [decision] = await until('the decision on record', async () => {
    const found = await room.listDecisions()
    return found.length === 0 ? undefined : found
  })
  assert.equal(decision?.labels?.[`${WEBHOOK}/break-glass`], 'true')
})

test('§6.5: the legacy annotation admits as the label does', { skip }, async () => {
  const room = await openRoom(await guardedCluster(), 'by-annotation')
  const { code, stderr } = await room.kubectl(['apply', '-f', '-'], pod('app', imageNamed('app'), { annotations: { [ANNOTATION]: 'true' } }))
  assert.equal(code, 0, stderr)
  assert.ok(stderr.startsWith(`Warning: Break-glass: admitted by ${ANNOTATION}; this is on record\n`), stderr)
  const annotations = await room.auditAnnotations('create', 'app')
  assert.equal(annotations[`${WEBHOOK}/break-glass`], 'true')
})

test('§6.5: the mark is told even where the image was fine', { skip }, async () => {
  const room = await openRoom(await guardedCluster(), 'needless')
  await room.setPolicy(ALLOW_ALL)
  await expectOutput(room.kubectl(['apply', '-f', '-'], pod('app', imageNamed('app'), { labels: { [LABEL]: 'true' } })))
  const annotations = await room.auditAnnotations('create', 'app')
  assert.equal(annotations[`break-glass.${WEBHOOK}/break-glass`], 'true')
  assert.equal(annotations[`break-glass.${WEBHOOK}/overridden-verification-result`], undefined)
})
