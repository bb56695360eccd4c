import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { issueServerCertificate, makeAuthority } from '@countersign/adapters/certificates/authority.ts'
import { makeRegistryClient, type RegistryClient } from '@countersign/adapters/registry/client.ts'
import { makeFetch } from '@countersign/adapters/registry/fetch-with.ts'
import { openLayout } from '@countersign/adapters/registry/layout.ts'
import { pushLayout } from '@countersign/adapters/registry/push-layout.ts'
import { type ImageDigest, isImageDigest, parseImageReference } from '@countersign/core/image/reference.ts'
import { missingParts } from '../harness/parts.ts'
import { HTPASSWD, signToken } from '../harness/registry-login.ts'
import { startRegistry, type StartedRegistry } from '../harness/registry.ts'
import { tempFolder } from '../harness/temp-folder.ts'

const OPTIONS = { skip: missingParts('docker-registry') }
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
const INDEX = 'application/vnd.oci.image.index.v1+json'
const SBOM = 'application/vnd.cyclonedx+json'
const LAYER = 'layer '.repeat(500_000)

/** A layout with an index of one image, and an SBOM that hangs on the index. */
function writeLayout() {
  const folder = tempFolder()
  mkdirSync(join(folder, 'blobs/sha256'), { recursive: true })
  const put = (mediaType: string, content: unknown): { readonly digest: ImageDigest; readonly mediaType: string; readonly size: number } => {
    const bytes = Buffer.from(typeof content === 'string' ? content : JSON.stringify(content))
    const digest = `sha256:${hash('sha256', bytes, 'hex')}`
    assert(isImageDigest(digest))
    writeFileSync(join(folder, 'blobs', digest.replace(':', '/')), bytes)
    return { mediaType, digest, size: bytes.length }
  }
  const config = put('application/vnd.oci.image.config.v1+json', { os: 'linux', architecture: 'amd64', created: '2026-01-31T12:00:00Z' })
  const layer = put('application/vnd.oci.image.layer.v1.tar', LAYER)
  const image = put(MANIFEST, { schemaVersion: 2, mediaType: MANIFEST, config, layers: [layer] })
  const index = put(INDEX, { schemaVersion: 2, mediaType: INDEX, manifests: [{ ...image, platform: { os: 'linux', architecture: 'amd64' } }] })
  const empty = put('application/vnd.oci.empty.v1+json', {})
  const hanging = { schemaVersion: 2, mediaType: MANIFEST, artifactType: SBOM, config: empty, layers: [put(SBOM, { bom: true })], subject: index }
  const sbom = put(MANIFEST, hanging)
  writeFileSync(join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [index, sbom] }))
  return { folder, index, sbom, layer }
}

async function proveRoundTrip(registry: StartedRegistry, client: RegistryClient): Promise<void> {
  const { folder, index, sbom, layer } = writeLayout()
  const to = parseImageReference(`${registry.host}/team/app:v1`)
  assert(to.ok)
  const layout = await openLayout(folder)
  const referrers = [{ digest: sbom.digest, artifactType: SBOM }]
  assert.deepEqual(await pushLayout(client, layout, { to: to.value }), { digest: index.digest, blobs: { pushed: 4, existed: 0 }, referrers })
  assert.deepEqual((await pushLayout(client, layout, { to: to.value })).blobs, { pushed: 0, existed: 4 })
  assert.equal(await client.resolveTag(to.value), index.digest)
  assert.deepEqual(await client.listReferrers(to.value), [{ ...sbom, artifactType: SBOM }])
  const { digest, size } = layer
  const content = await Array.fromAsync(client.readBlob(to.value, { digest, size, maxBytes: size }))
  assert.equal(Buffer.concat(content).toString(), LAYER)
  await assert.rejects(Array.fromAsync(client.readBlob(to.value, { digest, maxBytes: size - 1 })), { code: 'RESOURCE_EXHAUSTED' })
}

function clientWith(password?: string, more: { readonly ca?: string } = {}): RegistryClient {
  const credentials = async () => (password === undefined ? undefined : ({ kind: 'PASSWORD', username: 'ann', password } as const))
  return makeRegistryClient({ fetch: makeFetch({}), credentials, insecureHosts: [], tokenHosts: [], ...more })
}

async function start(t: TestContext, settings: Parameters<typeof startRegistry>[0] = {}): Promise<StartedRegistry> {
  const registry = await startRegistry(settings)
  t.after(() => registry.stop())
  return registry
}

test('an index with its image and SBOM goes to a real registry, and comes back', OPTIONS, async (t) => {
  await proveRoundTrip(await start(t), clientWith())
})

test('so it does behind TLS by a private authority, with a password', OPTIONS, async (t) => {
  const authority = await makeAuthority(Date.now())
  const tls = await issueServerCertificate(authority, { hosts: ['127.0.0.1'], now: Date.now() })
  const registry = await start(t, { tls, htpasswd: HTPASSWD })
  await proveRoundTrip(registry, clientWith('s3cret', { ca: authority.cert }))
  await assert.rejects(proveRoundTrip(registry, clientWith('wrong', { ca: authority.cert })), { code: 'UNAUTHENTICATED' })
})

test('so it does with tokens of another service, which are asked for writing only where something is written', OPTIONS, async (t) => {
  const authority = await makeAuthority(Date.now())
  const pair = await issueServerCertificate(authority, { hosts: ['tokens.test'], now: Date.now() })
  const scopes = new Set<string>()
  const tokens = createServer((request, response) => {
    const scope = new URL(request.url ?? '', 'http://tokens.test').searchParams.get('scope') ?? ''
    scopes.add(scope)
    response.end(JSON.stringify({ token: signToken(pair, scope) }))
  })
  await new Promise<void>((resolve) => tokens.listen(0, '127.0.0.1', resolve))
  t.after(() => tokens.close())
  const realm = `http://127.0.0.1:${(tokens.address() as AddressInfo).port}/token`
  const registry = await start(t, { token: { realm, service: 'test', issuer: 'tokens.test', cert: authority.cert } })
  await proveRoundTrip(registry, clientWith('s3cret'))
  assert.deepEqual([...scopes].sort(), ['repository:team/app:pull', 'repository:team/app:pull,push'])
})
