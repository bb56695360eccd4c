import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import { type ImageDigest, type ImageReference, isImageDigest, parseImageReference } from '@countersign/core/image/reference.ts'
import { TestRegistry } from '../testing/registry.ts'
import { makeRegistryClient } from './client.ts'
import type { Credentials } from './credentials.ts'

const PASSWORD: Credentials = { kind: 'PASSWORD', username: 'ann', password: 's3cret' }
const CONTENT = 'layer '.repeat(50_000)

interface Place {
  readonly registry: TestRegistry
  readonly image: ImageReference
  readonly digest: ImageDigest
  read(more?: { readonly size?: number; readonly maxBytes?: number }): Promise<string>
}

async function makePlace(t: TestContext, credentials?: Credentials): Promise<Place> {
  const registry = await startRegistry(t)
  const digest = addBlob(registry)
  const image = parseImageReference(`${registry.host}/team/app`)
  assert(image.ok)
  const client = makeRegistryClient({ fetch, credentials: async () => credentials, insecureHosts: [], tokenHosts: [] })
  const read: Place['read'] = async (more) =>
    Buffer.concat(await Array.fromAsync(client.readBlob(image.value, { digest, maxBytes: 1_000_000, ...more }))).toString()
  return { registry, image: image.value, digest, read }
}

async function startRegistry(t: TestContext): Promise<TestRegistry> {
  const registry = await TestRegistry.start()
  t.after(() => registry.close())
  return registry
}

function addBlob(registry: TestRegistry): ImageDigest {
  const digest = registry.addManifest('team/app', { mediaType: 'application/octet-stream', body: CONTENT })
  assert(isImageDigest(digest))
  return digest
}

function blobs(registry: TestRegistry) {
  return registry.requests.filter(({ url }) => url.includes('/blobs/'))
}

test('readBlob() gives the content of a digest, and says NOT_FOUND for what is not there', async (t) => {
  const { read, registry } = await makePlace(t)
  assert.equal(await read({ size: CONTENT.length }), CONTENT)
  registry.lie = ({ url }) => (url.includes('/blobs/') ? { status: 404 } : undefined)
  await assert.rejects(read(), { code: 'NOT_FOUND' })
})

test('C4: other content than the digest says, and another length than the descriptor says, are DATA_LOSS', async (t) => {
  const { read, registry } = await makePlace(t)
  await assert.rejects(read({ size: CONTENT.length - 1 }), { code: 'DATA_LOSS' })
  await assert.rejects(read({ size: CONTENT.length + 1 }), { code: 'DATA_LOSS' })
  registry.lie = ({ url }) => (url.includes('/blobs/') ? { status: 200, body: 'something else' } : undefined)
  await assert.rejects(read(), { code: 'DATA_LOSS' })
})

test('C8: a blob beyond its bound is refused before more of it is taken, whether its length was announced or not', async (t) => {
  const { read, registry } = await makePlace(t)
  await assert.rejects(read({ maxBytes: 100 }), { code: 'RESOURCE_EXHAUSTED' })
  registry.lie = ({ url }) => (url.includes('/blobs/') ? { status: 200, headers: { 'transfer-encoding': 'chunked' }, body: CONTENT } : undefined)
  await assert.rejects(read({ maxBytes: 100 }), { code: 'RESOURCE_EXHAUSTED' })
})

test('C8: a length that is more than what comes is no content', async (t) => {
  const { read, registry } = await makePlace(t)
  const headers = { 'content-length': '9000', connection: 'close' }
  registry.lie = ({ url }) => (url.includes('/blobs/') ? { status: 200, headers, body: CONTENT.slice(0, 100) } : undefined)
  await assert.rejects(read(), { code: 'UNAVAILABLE' })
})

test('C14: a blob may lie with another host, as with a CDN, which is shown no password', async (t) => {
  const { read, registry, digest } = await makePlace(t, PASSWORD)
  const cdn = await startRegistry(t)
  addBlob(cdn)
  registry.login = { kind: 'BASIC', username: 'ann', password: 's3cret' }
  registry.lie = ({ url, authorization }) =>
    url.includes('/blobs/') && authorization !== undefined
      ? { status: 307, headers: { location: `http://${cdn.host}/v2/team/app/blobs/${digest}?signed=1` } }
      : undefined
  assert.equal(await read(), CONTENT)
  assert.deepEqual(cdn.requests, [{ method: 'GET', url: `/v2/team/app/blobs/${digest}?signed=1`, authorization: undefined }])
})

test('C14: a redirect that brings a user or a password of its own is refused, and one in a circle ends', async (t) => {
  const { read, registry, digest } = await makePlace(t)
  const cdn = await startRegistry(t)
  for (const user of ['ann@', 'ann:pw@', ':pw@']) {
    registry.lie = ({ url }) =>
      url.includes('/blobs/') ? { status: 302, headers: { location: `http://${user}${cdn.host}/v2/team/app/blobs/${digest}` } } : undefined
    await assert.rejects(read(), { code: 'UNAVAILABLE' })
  }
  assert.deepEqual(cdn.requests, [])
  registry.requests.length = 0
  registry.lie = ({ url }) => (url.includes('/blobs/') ? { status: 302, headers: { location: url } } : undefined)
  await assert.rejects(read(), { code: 'UNAVAILABLE' })
  assert.ok(blobs(registry).length <= 6)
})

test('who stops reading ends the connection', async (t) => {
  const { registry, image, digest } = await makePlace(t)
  const signals: AbortSignal[] = []
  const client = makeRegistryClient({
    fetch: (url, init) => {
      signals.push(init.signal)
      return fetch(url, init)
    },
    credentials: async () => undefined,
    insecureHosts: [registry.host],
    tokenHosts: [],
  })
  for await (const chunk of client.readBlob(image, { digest, maxBytes: 1_000_000 })) {
    assert.ok(chunk.length > 0)
    break
  }
  assert.equal(signals.at(-1)?.aborted, true)
})

test('the content of a manifest is given as it lies there', async (t) => {
  const { registry, image } = await makePlace(t)
  const digest = registry.addImage('team/app', { created: '2026-01-31T12:00:00Z' })
  assert(isImageDigest(digest))
  const client = makeRegistryClient({ fetch, credentials: async () => undefined, insecureHosts: [], tokenHosts: [] })
  const { manifest, bytes } = await client.readManifest({ ...image, digest })
  assert.deepEqual([manifest.digest, `sha256:${hash('sha256', bytes, 'hex')}`], [digest, digest])
})
