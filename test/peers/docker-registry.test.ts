import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { makeRegistryClient, type RegistryClient } from '@countersign/adapters/registry/client.ts'
import { issueServerCertificate, makeAuthority } from '@countersign/adapters/certificates/authority.ts'
import { makeFetch } from '@countersign/adapters/registry/fetch-with.ts'
import { type ImageReference, parseImageReference } from '@countersign/core/image/reference.ts'
import { missingParts } from '../harness/parts.ts'
import { HTPASSWD, signToken } from '../harness/registry-login.ts'
import { startRegistry, type StartedRegistry } from '../harness/registry.ts'

const OPTIONS = { skip: missingParts('docker-registry') }
const CONFIG = 'application/vnd.oci.image.config.v1+json'
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
const INDEX = 'application/vnd.oci.image.index.v1+json'
const CREATED = '2025-05-01T10:00:00Z'

interface World {
  readonly registry: StartedRegistry
  readonly client: RegistryClient
}

async function start(t: TestContext): Promise<World> {
  const registry = await startRegistry()
  t.after(() => registry.stop())
  const client = makeRegistryClient({ fetch, credentials: async () => undefined, insecureHosts: [], tokenHosts: [] })
  return { registry, client }
}

function image({ registry }: World, rest: string): ImageReference {
  const parsed = parseImageReference(`${registry.host}/${rest}`)
  if (!parsed.ok) throw new Error(rest)
  return parsed.value
}

async function push({ url }: StartedRegistry, path: string, { type, body }: { readonly type: string; readonly body: string }): Promise<void> {
  const answer = await fetch(new URL(path, url), { method: 'PUT', headers: { 'content-type': type }, body })
  assert.equal(answer.status, 201, await answer.text())
}

async function pushBlob(registry: StartedRegistry, repository: string, body: string): Promise<string> {
  const digest = `sha256:${hash('sha256', body, 'hex')}`
  const begun = await fetch(`${registry.url}/v2/${repository}/blobs/uploads/`, { method: 'POST' })
  const place = new URL(begun.headers.get('location') ?? '', registry.url)
  place.searchParams.set('digest', digest)
  await push(registry, `${place.pathname}${place.search}`, { type: 'application/octet-stream', body })
  return digest
}

async function pushImage(registry: StartedRegistry, repository: string, tag: string): Promise<{ readonly digest: string; readonly size: number }> {
  const config = JSON.stringify({
    architecture: 'amd64',
    os: 'linux',
    created: CREATED,
    rootfs: { type: 'layers', diff_ids: [] },
    config: { Labels: { tag } },
  })
  const digest = await pushBlob(registry, repository, config)
  const manifest = { schemaVersion: 2, mediaType: MANIFEST, config: { mediaType: CONFIG, digest, size: config.length }, layers: [] }
  const body = JSON.stringify(manifest)
  await push(registry, `/v2/${repository}/manifests/${tag}`, { type: MANIFEST, body })
  return { digest: `sha256:${hash('sha256', body, 'hex')}`, size: body.length }
}

test('a real registry’s tags, digests, dates and platforms', OPTIONS, async (t) => {
  const world = await start(t)
  const { registry, client } = world
  const amd64 = await pushImage(registry, 'team/app', 'v1')
  const children = [{ mediaType: MANIFEST, ...amd64, platform: { os: 'linux', architecture: 'amd64' } }]
  const index = JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: children })
  await push(registry, '/v2/team/app/manifests/multi', { type: INDEX, body: index })
  assert.deepEqual([...(await client.listTags(image(world, 'team/app')))].sort(), ['multi', 'v1'])
  assert.equal(await client.resolveTag(image(world, 'team/app:v1')), amd64.digest)
  const found = await client.describeImage(image(world, 'team/app:multi'))
  assert.deepEqual(found, {
    repository: `${registry.host}/team/app`,
    digest: `sha256:${hash('sha256', index, 'hex')}`,
    mediaType: INDEX,
    children: [{ mediaType: MANIFEST, ...amd64, platform: 'linux/amd64' }],
    created: CREATED,
  })
})

test('a real registry’s tagged images', OPTIONS, async (t) => {
  const world = await start(t)
  const tags = Array.from({ length: 12 }, (_, at) => `v${String(at).padStart(2, '0')}`)
  for (const tag of tags) await pushImage(world.registry, 'team/app', tag)
  const images = await world.client.listImages(image(world, 'team/app'))
  assert.deepEqual(images.flatMap((found) => found.tags).sort(), tags)
})

test('what a real registry does not have is NOT_FOUND', OPTIONS, async (t) => {
  const world = await start(t)
  await assert.rejects(world.client.resolveTag(image(world, 'team/app:v1')), { code: 'NOT_FOUND' })
  await assert.rejects(world.client.listTags(image(world, 'team/app')), { code: 'NOT_FOUND' })
})

test('a real registry behind TLS by a private authority, with a password', OPTIONS, async (t) => {
  const authority = await makeAuthority(Date.now())
  const tls = await issueServerCertificate(authority, { hosts: ['127.0.0.1'], now: Date.now() })
  const registry = await startRegistry({ tls, htpasswd: HTPASSWD })
  t.after(() => registry.stop())
  const parsed = parseImageReference(`${registry.host}/team/app:v1`)
  assert.ok(parsed.ok)
  const resolve = async (password: string | undefined, more: { readonly ca?: string }): Promise<unknown> => {
    const credentials = async () => (password === undefined ? undefined : ({ kind: 'PASSWORD', username: 'ann', password } as const))
    const client = makeRegistryClient({ fetch: makeFetch({}), credentials, insecureHosts: [], tokenHosts: [], ...more })
    return await client.resolveTag(parsed.value).catch((error: { readonly code: string }) => error.code)
  }
  const ca = authority.cert
  assert.deepEqual(
    [await resolve('s3cret', {}), await resolve(undefined, { ca }), await resolve('wrong', { ca }), await resolve('s3cret', { ca })],
    ['UNAVAILABLE', 'UNAUTHENTICATED', 'UNAUTHENTICATED', 'NOT_FOUND'],
  )
})

test('a real registry that believes the tokens of another service', OPTIONS, async (t) => {
  const authority = await makeAuthority(Date.now())
  const pair = await issueServerCertificate(authority, { hosts: ['tokens.test'], now: Date.now() })
  const asked: (string | null)[] = []
  const tokens = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '', 'http://tokens.test')
    asked.push(searchParams.get('scope'))
    if (request.headers.authorization !== `Basic ${Buffer.from('ann:s3cret').toString('base64')}`) return void response.writeHead(401).end()
    response.end(JSON.stringify({ token: signToken(pair, searchParams.get('scope') ?? '') }))
  })
  await new Promise<void>((resolve) => tokens.listen(0, '127.0.0.1', resolve))
  t.after(() => tokens.close())
  const realm = `http://127.0.0.1:${(tokens.address() as AddressInfo).port}/token`
  const registry = await startRegistry({ token: { realm, service: 'test', issuer: 'tokens.test', cert: authority.cert } })
  t.after(() => registry.stop())
  const parsed = parseImageReference(`${registry.host}/team/app:v1`)
  assert.ok(parsed.ok)
  const resolve = async (password: string): Promise<unknown> => {
    const credentials = async () => ({ kind: 'PASSWORD', username: 'ann', password }) as const
    const client = makeRegistryClient({ fetch: makeFetch({}), credentials, insecureHosts: [], tokenHosts: [] })
    return await client.resolveTag(parsed.value).catch((error: { readonly code: string }) => error.code)
  }
  assert.deepEqual([await resolve('wrong'), await resolve('s3cret')], ['UNAUTHENTICATED', 'NOT_FOUND'])
  assert.deepEqual(asked, ['repository:team/app:pull', 'repository:team/app:pull'])
})
