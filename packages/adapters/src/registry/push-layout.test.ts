import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type ImageReference, parseImageReference } from '@countersign/core/image/reference.ts'
import { TestRegistry } from '../testing/registry.ts'
import { makeRegistryClient, type RegistryClient } from './client.ts'
import type { Credentials } from './credentials.ts'
import { makeFetch } from './fetch-with.ts'
import { openLayout } from './layout.ts'
import { pushLayout } from './push-layout.ts'

const INDEX = 'application/vnd.oci.image.index.v1+json'
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
const SBOM = 'application/vnd.cyclonedx+json'
const PASSWORD: Credentials = { kind: 'PASSWORD', username: 'ann', password: 's3cret' }

interface Descriptor {
  readonly digest: string
  readonly mediaType: string
  readonly size: number
}

/** Writes a layout with an index `app` of one image, an image `tool`, and an SBOM on the image of the index. */
function writeLayout(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'cs-layout-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'blobs/sha256'), { recursive: true })
  const put = (mediaType: string, content: unknown): Descriptor => {
    const bytes = Buffer.from(typeof content === 'string' ? content : JSON.stringify(content))
    const digest = `sha256:${hash('sha256', bytes, 'hex')}`
    writeFileSync(join(folder, 'blobs', digest.replace(':', '/')), bytes)
    return { mediaType, digest, size: bytes.length }
  }
  const config = put('application/vnd.oci.image.config.v1+json', { os: 'linux', architecture: 'amd64', created: '2026-01-31T12:00:00Z' })
  const layer = put('application/vnd.oci.image.layer.v1.tar', 'layer '.repeat(100_000))
  const image = put(MANIFEST, { schemaVersion: 2, mediaType: MANIFEST, config, layers: [layer] })
  const tool = put(MANIFEST, { schemaVersion: 2, mediaType: MANIFEST, config, layers: [] })
  const index = put(INDEX, { schemaVersion: 2, mediaType: INDEX, manifests: [{ ...image, platform: { os: 'linux', architecture: 'amd64' } }] })
  const empty = put('application/vnd.oci.empty.v1+json', {})
  const hanging = { schemaVersion: 2, mediaType: MANIFEST, artifactType: SBOM, config: empty, layers: [put(SBOM, { bom: true })], subject: image }
  const sbom = put(MANIFEST, { ...hanging, annotations: { made: 'by hand' } })
  const named = (one: Descriptor, name: string) => ({ ...one, annotations: { 'org.opencontainers.image.ref.name': name } })
  writeFileSync(join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [named(index, 'app'), named(tool, 'tool'), sbom] }))
  return { folder, image, tool, index, sbom, layer }
}

async function startRegistry(t: TestContext): Promise<TestRegistry> {
  const registry = await TestRegistry.start()
  t.after(() => registry.close())
  return registry
}

function clientWith(credentials?: Credentials): RegistryClient {
  return makeRegistryClient({ fetch: makeFetch({}), credentials: async () => credentials, insecureHosts: [], tokenHosts: [] })
}

function place(registry: TestRegistry, rest: string): ImageReference {
  const parsed = parseImageReference(`${registry.host}/${rest}`)
  assert(parsed.ok)
  return parsed.value
}

for (const knowsReferrers of [true, false]) {
  const way = knowsReferrers ? 'the referrers API' : 'the tag of the specification'
  test(`an index, its image and the SBOM that hangs on it keep their digests, and are found by ${way}`, async (t) => {
    const { folder, index, image, sbom } = writeLayout(t)
    const registry = await startRegistry(t)
    registry.knowsReferrers = knowsReferrers
    registry.login = { kind: 'TOKEN', username: 'ann', password: 's3cret' }
    const client = clientWith(PASSWORD)
    const to = place(registry, 'team/app:v1')
    assert.deepEqual(await pushLayout(client, await openLayout(folder), { name: 'app', to }), {
      digest: index.digest,
      blobs: { pushed: 4, existed: 0 },
      referrers: [{ digest: sbom.digest, artifactType: SBOM }],
    })
    const found = await client.describeImage(to)
    assert.deepEqual([found.digest, found.children.map(({ digest }) => digest)], [index.digest, [image.digest]])
    assert.deepEqual(await client.listReferrers(place(registry, `team/app@${image.digest}`)), [{ ...sbom, artifactType: SBOM }])
    assert.deepEqual(await client.listReferrers(to), [])
    const scopes = registry.requests.flatMap(({ url }) => new URL(url, 'http://x').searchParams.getAll('scope'))
    assert.equal(scopes[0], 'repository:team/app:pull,push')
  })
}

test('pushing again sends no blob, and adds no second entry under the tag of the referrers', async (t) => {
  const { folder, image, sbom } = writeLayout(t)
  const registry = await startRegistry(t)
  const to = place(registry, 'team/app:v1')
  const layout = await openLayout(folder)
  await pushLayout(clientWith(), layout, { name: 'app', to })
  assert.deepEqual((await pushLayout(clientWith(), layout, { name: 'app', to })).blobs, { pushed: 0, existed: 4 })
  const tag = image.digest.replace(':', '-')
  const { bytes } = await clientWith().readManifest(place(registry, `team/app:${tag}`))
  const { manifests } = JSON.parse(Buffer.from(bytes).toString()) as { readonly manifests: unknown }
  assert.deepEqual(manifests, [{ ...sbom, artifactType: SBOM, annotations: { made: 'by hand' } }])
})

test('without a tag an image is pushed by its digest alone, and without what hangs on others', async (t) => {
  const { folder, tool } = writeLayout(t)
  const registry = await startRegistry(t)
  const to = place(registry, 'team/tool')
  assert.deepEqual((await pushLayout(clientWith(), await openLayout(folder), { name: 'tool', to })).referrers, [])
  assert.deepEqual(await clientWith().listTags(to), [])
  assert.equal((await clientWith().describeImage(place(registry, `team/tool@${tool.digest}`))).digest, tool.digest)
})

test('which image of several must be named; a folder that is none, and a file with other content, are told', async (t) => {
  const { folder, layer } = writeLayout(t)
  const registry = await startRegistry(t)
  const push = async (name?: string) =>
    await pushLayout(clientWith(), await openLayout(folder), { to: place(registry, 'a/b'), ...(name === undefined ? {} : { name }) })
  await assert.rejects(push(), { code: 'NOT_FOUND', message: /"app", "tool"/ })
  await assert.rejects(push('other'), { code: 'NOT_FOUND', message: /"app", "tool"/ })
  await assert.rejects(openLayout(join(folder, 'none')), { code: 'NOT_FOUND' })
  writeFileSync(join(folder, 'blobs', layer.digest.replace(':', '/')), 'other')
  await assert.rejects(push('app'), { code: 'DATA_LOSS' })
})

test('C14: an upload may go to another host, which is shown no password; a redirected one is refused', async (t) => {
  const { folder } = writeLayout(t)
  const [registry, store] = [await startRegistry(t), await startRegistry(t)]
  registry.login = { kind: 'BASIC', username: 'ann', password: 's3cret' }
  const push = async () => await pushLayout(clientWith(PASSWORD), await openLayout(folder), { name: 'tool', to: place(registry, 'a/b') })
  registry.lie = ({ method, authorization }) =>
    method === 'POST' && authorization !== undefined
      ? { status: 202, headers: { location: `http://${store.host}/v2/a/b/blobs/uploads/7` } }
      : undefined
  await push()
  assert.deepEqual([...new Set(store.requests.map(({ method, authorization }) => `${method} ${authorization}`))], ['PUT undefined'])
  for (const location of ['http://ann:pw@host.example/', 'ftp://host.example/']) {
    registry.lie = ({ method }) => (method === 'POST' ? { status: 202, headers: { location } } : method === 'HEAD' ? { status: 404 } : undefined)
    await assert.rejects(push(), { code: 'DATA_LOSS' })
  }
  registry.lie = ({ method }) =>
    method === 'POST' ? { status: 307, headers: { location: `http://${store.host}/` } } : method === 'HEAD' ? { status: 404 } : undefined
  await assert.rejects(push(), { code: 'UNAVAILABLE' })
})

test('each refusal of a push has its code, and a registry that stores something else is not believed', async (t) => {
  const { folder } = writeLayout(t)
  const registry = await startRegistry(t)
  const push = async () => await pushLayout(clientWith(), await openLayout(folder), { name: 'tool', to: place(registry, 'a/b:v1') })
  for (const [status, code] of [
    [401, 'UNAUTHENTICATED'],
    [403, 'PERMISSION_DENIED'],
    [503, 'UNAVAILABLE'],
  ] as const) {
    registry.lie = ({ method }) => (method === 'POST' ? { status } : undefined)
    await assert.rejects(push(), { code })
  }
  registry.lie = ({ url }) =>
    url.includes('/manifests/') ? { status: 201, headers: { 'docker-content-digest': `sha256:${'0'.repeat(64)}` } } : undefined
  await assert.rejects(push(), { code: 'DATA_LOSS' })
})

test('referrers come page by page, stop at their bound, and no other host is asked for them', async (t) => {
  const registry = await startRegistry(t)
  const other = await startRegistry(t)
  const subject = place(registry, `a/b@sha256:${'a'.repeat(64)}`)
  const referrer = { mediaType: MANIFEST, digest: `sha256:${'b'.repeat(64)}`, size: 7, artifactType: SBOM }
  let page = 0
  const answer = (count: number, next: (url: string) => string) => {
    registry.lie = ({ url }) => {
      if (!url.includes('/referrers/')) return undefined
      const body = JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: Array.from({ length: count }, () => referrer) })
      return { status: 200, headers: { 'content-type': INDEX, link: `<${next(url)}>; rel="next"` }, body }
    }
  }
  answer(1000, (url) => `${url.split('?')[0]}?page=${page++}`)
  await assert.rejects(clientWith().listReferrers(subject), { code: 'RESOURCE_EXHAUSTED' })
  assert.ok(page <= 3)
  answer(0, (url) => url)
  assert.deepEqual(await clientWith().listReferrers(subject), [])
  answer(1, () => `http://${other.host}/v2/a/b/evil`)
  assert.deepEqual(await clientWith().listReferrers(subject), [referrer])
  assert.deepEqual(other.requests, [])
})
