import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { test } from 'node:test'
import { startRegistry } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { missingControlPlane } from './control-plane.ts'
import { CLUSTER, type Countersign, guardedCluster, makeCountersign } from './guarded-cluster.ts'
import { expectOutput } from './kubectl.ts'
import { pod } from './objects.ts'
import { DENY_ALL } from './policies.ts'
import { openRoom, type Room } from './room.ts'
import { until } from './until.ts'

const skip = missingControlPlane()

test('a Pod’s tag is pinned to what a real registry says, judged as pinned, and left alone where the registry does not know it', {
  skip,
}, async (t) => {
  const registry = await startRegistry()
  t.after(registry.stop)
  const digest = await pushImage(registry.url)
  const tagged = `${registry.host}/shop/web:v1`
  const pinned = `${tagged}@${digest}`
  const server = await startServer({ args: ['--pin-registry', registry.host] })
  t.after(server.stop)
  const countersign = makeCountersign(server)
  const room = await openRoom(await guardedCluster(), 'pinned', { register: ['--pin-tags', 'on'], countersign })
  await room.setPolicy({ ...DENY_ALL, admissionWhitelistPatterns: [{ namePattern: pinned }] })
  await openPinning(room, countersign)

  await until('a Pod to be pinned', async () => {
    const { code } = await room.kubectl(['apply', '-f', '-'], pod('web', tagged))
    return code === 0 ? true : undefined
  })
  const shown = ['get', 'pod', 'web', '-o', 'jsonpath={.spec.containers[0].image} {.metadata.annotations.countersign\\.dev/pinned-images}']
  assert.equal(await expectOutput(room.kubectl(shown)), `${pinned} ${JSON.stringify({ [pinned]: tagged })}`)
  const annotations = await room.auditAnnotations('create', 'web')
  const pinning = 'pinning.imagepolicywebhook.image-policy.k8s.io/pinned'
  assert.equal(annotations[pinning] ?? JSON.stringify(annotations), JSON.stringify({ [pinned]: tagged }))

  const unknown = await room.kubectl(['apply', '-f', '-'], pod('unknown', `${registry.host}/shop/web:v2`))
  assert.equal(unknown.code, 1)
  assert.match(unknown.stderr, /^Warning: Tags were not pinned: the registry did not say what a tag means\n/)
  assert.ok(unknown.stderr.includes(`Image ${registry.host}/shop/web:v2 denied by Binary Authorization`), unknown.stderr)

  await room.updateCluster(['--pin-tags', 'off'])
  assert.equal((await room.kubectl(['apply', '-f', '-'], pod('off', tagged))).code, 1)
})

/** An image of nothing: what a registry asks for, and no more. */
async function pushImage(registry: string): Promise<string> {
  const config = '{}'
  const configDigest = `sha256:${hash('sha256', config)}`
  const begun = await fetch(`${registry}/v2/shop/web/blobs/uploads/`, { method: 'POST' })
  const upload = new URL(begun.headers.get('location') ?? '', registry)
  upload.searchParams.set('digest', configDigest)
  const put = await fetch(upload, { method: 'PUT', body: config, headers: { 'content-type': 'application/octet-stream' } })
  assert.equal(put.status, 201)
  const mediaType = 'application/vnd.oci.image.manifest.v1+json'
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType,
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: configDigest, size: config.length },
    layers: [],
  })
  const stored = await fetch(`${registry}/v2/shop/web/manifests/v1`, { method: 'PUT', body: manifest, headers: { 'content-type': mediaType } })
  assert.equal(stored.status, 201)
  return `sha256:${hash('sha256', manifest)}`
}

interface Configuration {
  readonly metadata: object
  readonly webhooks: readonly object[]
}

/** Applies what the command line prints, for this namespace only. */
async function openPinning(room: Room, countersign: Countersign): Promise<void> {
  const { kubectl } = await guardedCluster()
  const printed = await countersign(['clusters', 'describe', CLUSTER, '--project', room.name, '--pinning-configuration'])
  const { metadata, webhooks, ...rest } = JSON.parse(
    await expectOutput(kubectl(['create', '--dry-run=client', '-o', 'json', '-f', '-'], printed)),
  ) as Configuration
  const namespaceSelector = { matchLabels: { 'kubernetes.io/metadata.name': room.name } }
  const narrowed = webhooks.map((webhook) => ({ ...webhook, namespaceSelector }))
  await expectOutput(kubectl(['apply', '-f', '-'], { ...rest, metadata: { ...metadata, name: `pinning-${room.name}` }, webhooks: narrowed }))
}
