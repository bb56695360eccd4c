import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type ImageReference, parseImageReference } from '@countersign/core/image/reference.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { PinConfig } from '../config/pin-config.ts'
import { openTagResolver } from './tag-resolver.ts'

function resolver(config: PinConfig, now: () => number = () => 0) {
  return openTagResolver({ config, env: {}, now, resolve: async () => [{ address: '10.0.0.1', family: 4 }] })
}

const INDEX = JSON.stringify({ schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests: [] })

async function serve(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

function image(text: string): ImageReference {
  const parsed = parseImageReference(text)
  if (!parsed.ok) throw new Error(text)
  return parsed.value
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  return error instanceof StatusError ? error.code : 'OK'
}

const isManifest = ({ url = '' }: IncomingMessage): boolean => url.includes('/manifests/')

test('openTagResolver() keeps nothing of what a registry of a Pod’s author’s choice says: its tokens are asked for anew', async (t) => {
  const shown: (string | undefined)[] = []
  const host = await serve(t, (request, response) => {
    if (request.url?.startsWith('/token')) return void response.end(JSON.stringify({ token: 'x' }))
    const { authorization } = request.headers
    if (isManifest(request)) shown.push(authorization?.slice(0, 8))
    if (isManifest(request) && authorization !== undefined) return void response.end(INDEX)
    response.writeHead(401, { 'www-authenticate': `Bearer realm="http://${request.headers.host}/token"` }).end()
  })
  let now = 0
  const resolveTag = resolver({ registries: [host] }, () => now)
  await resolveTag(image(`${host}/app:v1`))
  now += 5_000
  await resolveTag(image(`${host}/app:v1`))
  assert.deepEqual(shown, [undefined, 'Bearer x', undefined, 'Bearer x'])
})

test('openTagResolver() asks so many at once, lets others wait their turn, and refuses what finds no place', async (t) => {
  const held: (() => void)[] = []
  let all: () => void = () => undefined
  const full = new Promise<void>((resolve) => (all = resolve))
  let isOpen = false
  const host = await serve(t, (request, response) => {
    if (!isManifest(request)) return void response.end()
    const answer = () => response.writeHead(404).end()
    if (isOpen) return void answer()
    held.push(answer)
    if (held.length === 32) all()
  })
  const resolveTag = resolver({ registries: [host] })
  const asked = Array.from({ length: 32 + 256 }, (_, index) => codeOf(resolveTag(image(`${host}/app:v${index}`))))
  await full
  assert.equal(await codeOf(resolveTag(image(`${host}/app:late`))), 'RESOURCE_EXHAUSTED')
  assert.equal(held.length, 32)
  isOpen = true
  for (const release of held) release()
  assert.deepEqual(new Set(await Promise.all(asked)), new Set(['NOT_FOUND']))
})

test('openTagResolver() asks once for Pods that come together and within five seconds, and anew after a failure', async (t) => {
  let [asked, isThere, now] = [0, true, 0]
  const host = await serve(t, (request, response) => {
    if (!isManifest(request)) return void response.end()
    asked++
    if (isThere) response.end(INDEX)
    else response.writeHead(404).end()
  })
  const resolveTag = resolver({ registries: [host] }, () => now)
  const ask = () => codeOf(resolveTag(image(`${host}/app:v1`)))
  assert.deepEqual([await Promise.all([ask(), ask()]), await ask(), asked], [['OK', 'OK'], 'OK', 1])
  now = 5_000
  isThere = false
  assert.deepEqual([await ask(), await ask(), asked], ['NOT_FOUND', 'NOT_FOUND', 3])
})

test('openTagResolver() asks public registries alone where none is named, and else those that are named alone', async (t) => {
  let asked = 0
  const host = await serve(t, (_request, response) => {
    asked++
    response.end(INDEX)
  })
  for (const inside of [host, 'localhost:5000', '169.254.169.254', 'registry.internal'])
    assert.equal(await codeOf(resolver({ registries: [] })(image(`${inside}/app:v1`))), 'PERMISSION_DENIED', inside)
  assert.equal(await codeOf(resolver({ registries: ['docker.io'] })(image(`${host}/app:v1`))), 'PERMISSION_DENIED')
  assert.equal(asked, 0)
  assert.equal(await codeOf(resolver({ registries: [host] })(image(`${host}/app:v1`))), 'OK')
})

test('openTagResolver() shows a registry the password that a docker configuration has for it', async (t) => {
  const host = await serve(t, (request, response) => {
    if (request.headers.authorization === `Basic ${btoa('ann:secret')}`) return void response.end(INDEX)
    response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end()
  })
  const dockerConfigFile = join(mkdtempSync(join(tmpdir(), 'cs-')), 'config.json')
  t.after(() => rmSync(dirname(dockerConfigFile), { recursive: true }))
  writeFileSync(dockerConfigFile, JSON.stringify({ auths: { [host]: { auth: btoa('ann:secret') } } }))
  assert.equal(await codeOf(resolver({ registries: [host] })(image(`${host}/app:v1`))), 'UNAUTHENTICATED')
  assert.equal(await codeOf(resolver({ registries: [host], dockerConfigFile })(image(`${host}/app:v1`))), 'OK')
})
