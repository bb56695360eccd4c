import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { type ImageReference, parseImageReference } from '@countersign/core/image/reference.ts'
import { StatusError } from '@countersign/core/status.ts'
import { TestRegistry } from '../testing/registry.ts'
import { makeRegistryClient, type RegistryClient } from './client.ts'
import type { Credentials } from './credentials.ts'
import type { TransportOptions } from './transport.ts'

const PASSWORD: Credentials = { kind: 'PASSWORD', username: 'ann', password: 's3cret' }
const SECRET = `Basic ${Buffer.from('ann:s3cret').toString('base64')}`
const OLD = '2024-05-01T10:00:00Z'
const NEW = '2025-05-01T10:00:00.123Z'
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'

let registry: TestRegistry
let other: TestRegistry

beforeEach(async () => {
  registry = await TestRegistry.start()
  other = await TestRegistry.start()
})

afterEach(async () => {
  await registry.close()
  await other.close()
})

function clientWith(credentials?: Credentials, options: Partial<TransportOptions> = {}): RegistryClient {
  return makeRegistryClient({ fetch, credentials: async () => credentials, insecureHosts: [], tokenHosts: [], ...options })
}

function image(rest: string): ImageReference {
  const parsed = parseImageReference(`${registry.host}/${rest}`)
  if (!parsed.ok) throw new Error(rest)
  return parsed.value
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof StatusError)) throw new Error('expected a StatusError', { cause: error })
  return error.code
}

test('resolveTag() gives the digest of a tag, and of `latest` where none is named', async () => {
  const digest = registry.addImage('team/app', { tag: 'v1', created: OLD })
  const latest = registry.addImage('team/app', { tag: 'latest', created: NEW })
  assert.equal(await clientWith().resolveTag(image('team/app:v1')), digest)
  assert.equal(await clientWith().resolveTag(image('team/app')), latest)
})

test('resolveTag() says NOT_FOUND for a tag that is not there', async () => {
  registry.addImage('team/app', { tag: 'v1', created: OLD })
  assert.equal(await codeOf(clientWith().resolveTag(image('team/app:v2'))), 'NOT_FOUND')
})

test('listTags() follows pages to the end', async () => {
  for (const tag of ['a', 'b', 'c', 'd', 'e']) registry.addImage('team/app', { tag, created: OLD })
  assert.deepEqual(await clientWith().listTags(image('team/app')), ['a', 'b', 'c', 'd', 'e'])
})

test('listTags() asks no other host for the next page', async () => {
  registry.lie = ({ url }) =>
    url.includes('/tags/')
      ? { status: 200, headers: { link: `<http://${other.host}/v2/team/app/evil>; rel="next"` }, body: '{"tags":["a"]}' }
      : undefined
  assert.deepEqual(await clientWith().listTags(image('team/app')), ['a'])
  assert.deepEqual(other.requests, [])
})

test('listTags() refuses what is no tag', async () => {
  registry.lie = ({ url }) => (url.includes('/tags/') ? { status: 200, body: '{"tags":["\\u001b[31m"]}' } : undefined)
  assert.equal(await codeOf(clientWith().listTags(image('team/app'))), 'DATA_LOSS')
})

test('describeImage() shows the children of an index and when its first was built', async () => {
  const amd64 = registry.addImage('team/app', { created: OLD })
  const arm64 = registry.addImage('team/app', { created: NEW })
  const digest = registry.addIndex('team/app', { tag: 'v1', children: { 'linux/amd64': amd64, 'linux/arm64': arm64 } })
  const found = await clientWith().describeImage(image('team/app:v1'))
  assert.equal(found.digest, digest)
  assert.equal(found.created, OLD)
  assert.deepEqual(
    found.children.map(({ digest: child, platform }) => [child, platform]),
    [
      [amd64, 'linux/amd64'],
      [arm64, 'linux/arm64'],
    ],
  )
})

test('listImages() gathers the tags of each digest, newest first', async () => {
  const old = registry.addImage('team/app', { tag: 'v1', created: OLD })
  registry.addImage('team/app', { tag: 'stable', created: OLD })
  const latest = registry.addImage('team/app', { tag: 'v2', created: NEW })
  const images = await clientWith().listImages(image('team/app'))
  assert.deepEqual(
    images.map(({ digest, tags, created }) => ({ digest, tags, created })),
    [
      { digest: latest, tags: ['v2'], created: NEW },
      { digest: old, tags: ['stable', 'v1'], created: OLD },
    ],
  )
})

test('C4: content that has not the digest that was asked for is refused', async () => {
  const digest = registry.addImage('team/app', { tag: 'v1', created: OLD })
  registry.lie = ({ url }) => (url.includes(digest) ? { status: 200, headers: { 'content-type': MANIFEST }, body: '{"other":1}' } : undefined)
  assert.equal(await codeOf(clientWith().describeImage(image(`team/app@${digest}`))), 'DATA_LOSS')
})

test('C4: a digest header that is not the content’s is refused', async () => {
  const headers = { 'content-type': MANIFEST, 'docker-content-digest': `sha256:${'0'.repeat(64)}` }
  registry.lie = ({ url }) => (url.includes('/manifests/') ? { status: 200, headers, body: '{}' } : undefined)
  assert.equal(await codeOf(clientWith().resolveTag(image('team/app:v1'))), 'DATA_LOSS')
})

test('C4: a manifest that is an index too is refused, and one whose type is not its header’s', async () => {
  registry.addManifest('team/app', { mediaType: MANIFEST, tag: 'both', body: JSON.stringify({ mediaType: MANIFEST, layers: [], manifests: [] }) })
  registry.addManifest('team/app', {
    mediaType: 'application/vnd.oci.image.index.v1+json',
    tag: 'typed',
    body: JSON.stringify({ mediaType: MANIFEST }),
  })
  assert.equal(await codeOf(clientWith().resolveTag(image('team/app:both'))), 'DATA_LOSS')
  assert.equal(await codeOf(clientWith().resolveTag(image('team/app:typed'))), 'DATA_LOSS')
})

test('C8: a manifest beyond 4 MiB is refused, announced or not', async () => {
  registry.lie = ({ url }) => (url.includes('/manifests/') ? { status: 200, body: 'x'.repeat(4 * 1024 * 1024 + 1) } : undefined)
  assert.equal(await codeOf(clientWith().resolveTag(image('team/app:v1'))), 'RESOURCE_EXHAUSTED')
  registry.lie = ({ url }) =>
    url.includes('/manifests/') ? { status: 200, headers: { 'transfer-encoding': 'chunked' }, body: 'x'.repeat(4 * 1024 * 1024 + 1) } : undefined
  assert.equal(await codeOf(clientWith().resolveTag(image('team/app:v1'))), 'RESOURCE_EXHAUSTED')
})

test('a password is shown only after the registry asked for it', async () => {
  const digest = registry.addImage('team/app', { tag: 'v1', created: OLD })
  registry.login = { kind: 'BASIC', username: 'ann', password: 's3cret' }
  assert.equal(await clientWith(PASSWORD).resolveTag(image('team/app:v1')), digest)
  const asked = registry.requests.filter(({ url }) => url.includes('/manifests/'))
  assert.deepEqual(
    asked.map(({ authorization }) => authorization),
    [undefined, SECRET],
  )
})

test('a token is fetched with the password, for reading this repository and nothing else, and used again', async () => {
  registry.addImage('team/app', { tag: 'v1', created: OLD })
  registry.login = { kind: 'TOKEN', username: 'ann', password: 's3cret' }
  const client = clientWith(PASSWORD)
  await client.resolveTag(image('team/app:v1'))
  await client.resolveTag(image('team/app:v1'))
  const tokens = registry.requests.filter(({ url }) => url.startsWith('/token'))
  assert.deepEqual(
    tokens.map(({ url }) => new URL(url, 'http://x').searchParams.get('scope')),
    ['repository:team/app:pull'],
  )
})

test('an identity token goes to the token service in a body', async () => {
  registry.addImage('team/app', { tag: 'v1', created: OLD })
  registry.login = { kind: 'TOKEN', password: 'refresh-me' }
  await clientWith({ kind: 'IDENTITY_TOKEN', token: 'refresh-me' }).resolveTag(image('team/app:v1'))
  const token = registry.requests.find(({ url }) => url.startsWith('/token'))
  assert.deepEqual(token, { method: 'POST', url: '/token', authorization: undefined })
})

test('without credentials an open token service lets us in', async () => {
  const digest = registry.addImage('team/app', { tag: 'v1', created: OLD })
  registry.login = { kind: 'TOKEN' }
  assert.equal(await clientWith().resolveTag(image('team/app:v1')), digest)
})

test('a wrong password is UNAUTHENTICATED, and its text is in no message', async () => {
  registry.addImage('team/app', { tag: 'v1', created: OLD })
  for (const kind of ['BASIC', 'TOKEN'] as const) {
    registry.login = { kind, username: 'ann', password: 'another' }
    const error: unknown = await clientWith(PASSWORD)
      .resolveTag(image('team/app:v1'))
      .catch((reason: unknown) => reason)
    assert(error instanceof StatusError)
    assert.equal(error.code, 'UNAUTHENTICATED')
    assert.doesNotMatch(error.message, /s3cret/)
  }
})

test('C14: a password is not sent to a token service of another host', async () => {
  registry.addImage('team/app', { tag: 'v1', created: OLD })
  const realm = `http://localhost:${other.host.split(':')[1]}/token`
  registry.login = { kind: 'TOKEN', realm, username: 'ann', password: 's3cret' }
  assert.equal(await codeOf(clientWith(PASSWORD).resolveTag(image('team/app:v1'))), 'PERMISSION_DENIED')
  assert.deepEqual(other.requests, [])
})

test('C14: a redirect to another origin carries no password, and its content is checked', async () => {
  const digest = registry.addImage('team/app', { tag: 'v1', created: OLD })
  other.addImage('team/app', { tag: 'v1', created: OLD })
  registry.login = { kind: 'BASIC', username: 'ann', password: 's3cret' }
  registry.lie = ({ url, authorization }) =>
    authorization === SECRET ? { status: 307, headers: { location: `http://${other.host}${url}` } } : undefined
  assert.equal(await clientWith(PASSWORD).resolveTag(image('team/app:v1')), digest)
  assert.deepEqual([...new Set(other.requests.map(({ authorization }) => authorization))], [undefined])
})

test('redirects in a circle end', async () => {
  registry.lie = ({ url }) => (url.includes('/manifests/') ? { status: 302, headers: { location: url } } : undefined)
  assert.equal(await codeOf(clientWith().resolveTag(image('team/app:v1'))), 'UNAVAILABLE')
})

test('plain text is spoken to a loopback host and to those that are named, to no other', async () => {
  const asked: string[] = []
  const spy: TransportOptions['fetch'] = async (url) => {
    asked.push(url.protocol)
    throw new Error('away')
  }
  const away = parseImageReference('registry.example/team/app:v1')
  assert(away.ok)
  assert.equal(await codeOf(clientWith(undefined, { fetch: spy }).resolveTag(away.value)), 'UNAVAILABLE')
  assert.deepEqual(asked.splice(0), ['https:'])
  assert.equal(await codeOf(clientWith(undefined, { fetch: spy, insecureHosts: ['registry.example'] }).resolveTag(away.value)), 'UNAVAILABLE')
  assert.deepEqual(asked, ['https:', 'http:'])
})

test('each refusal of a registry has its code', async () => {
  for (const [status, code] of [
    [403, 'PERMISSION_DENIED'],
    [404, 'NOT_FOUND'],
    [429, 'RESOURCE_EXHAUSTED'],
    [503, 'UNAVAILABLE'],
  ] as const) {
    registry.lie = ({ url }) => (url.includes('/manifests/') ? { status } : undefined)
    assert.equal(await codeOf(clientWith().resolveTag(image('team/app:v1'))), code)
  }
})

test('a tag that moves between two requests gives one image or the other, whole, and never a mixture', async () => {
  const first = registry.addImage('team/app', { tag: 'v1', created: OLD })
  registry.lie = ({ url }) => {
    if (url.endsWith('/manifests/v1')) queueMicrotask(() => registry.addImage('team/app', { tag: 'v1', created: NEW }))
    return undefined
  }
  const found = await clientWith().describeImage(image('team/app:v1'))
  assert.deepEqual([found.digest, found.created], [first, OLD])
})

test('C8: a configuration without end is refused at its bound', async () => {
  registry.addImage('team/app', { tag: 'v1', created: OLD })
  registry.lie = ({ url }) =>
    url.includes('/blobs/') ? { status: 200, headers: { 'transfer-encoding': 'chunked' }, body: ' '.repeat(4 * 1024 * 1024 + 1) } : undefined
  assert.equal(await codeOf(clientWith().describeImage(image('team/app:v1'))), 'RESOURCE_EXHAUSTED')
})

test('a body that is shorter than its length is no content', async () => {
  registry.addImage('team/app', { tag: 'v1', created: OLD })
  registry.lie = ({ url }) =>
    url.includes('/manifests/')
      ? { status: 200, headers: { 'content-type': MANIFEST, 'content-length': '900', connection: 'close' }, body: '{' }
      : undefined
  assert.ok(['UNAVAILABLE', 'DATA_LOSS'].includes(await codeOf(clientWith().resolveTag(image('team/app:v1')))))
})

test('C14: a token service’s redirect is not followed: the password stays where it was meant for', async () => {
  registry.login = { kind: 'TOKEN', username: 'ann', password: 's3cret' }
  registry.lie = ({ url }) => (url.startsWith('/token') ? { status: 307, headers: { location: `http://${other.host}/token` } } : undefined)
  assert.equal(await codeOf(clientWith(PASSWORD).resolveTag(image('team/app:v1'))), 'UNAVAILABLE')
  assert.deepEqual(other.requests, [])
})

test('a token that is no header value, and one without end, are refused', async () => {
  registry.login = { kind: 'TOKEN' }
  const answer = async (body: string) => {
    registry.lie = ({ url }) => (url.startsWith('/token') ? { status: 200, body } : undefined)
    return await codeOf(clientWith().resolveTag(image('team/app:v1')))
  }
  assert.equal(await answer(JSON.stringify({ token: 'a\r\nx-evil: 1' })), 'DATA_LOSS')
  assert.equal(await answer(JSON.stringify({ token: 'a'.repeat(300_000) })), 'RESOURCE_EXHAUSTED')
})

test('pages of tags without end stop at the bound', async () => {
  let page = 0
  registry.lie = ({ url }) => {
    if (!url.includes('/tags/')) return undefined
    const tags = Array.from({ length: 1000 }, (_, index) => `t${page}-${index}`)
    return { status: 200, headers: { link: `</v2/team/app/tags/list?n=1000&last=${page++}>; rel="next"` }, body: JSON.stringify({ tags }) }
  }
  assert.equal(await codeOf(clientWith().listTags(image('team/app'))), 'RESOURCE_EXHAUSTED')
  assert.ok(page <= 11)
})
