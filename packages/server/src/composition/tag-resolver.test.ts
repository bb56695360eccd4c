import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { type ImageReference, parseImageReference } from '@countersign/core/image/reference.ts'
import { StatusError } from '@countersign/core/status.ts'
import { openTagResolver } from './tag-resolver.ts'

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
    if (isManifest(request) && authorization !== undefined)
      return void response.end(JSON.stringify({ schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests: [] }))
    response.writeHead(401, { 'www-authenticate': `Bearer realm="http://${request.headers.host}/token"` }).end()
  })
  const resolveTag = openTagResolver()
  await resolveTag(image(`${host}/app:v1`))
  await resolveTag(image(`${host}/app:v1`))
  assert.deepEqual(shown, [undefined, 'Bearer x', undefined, 'Bearer x'])
})

test('openTagResolver() asks so many questions at once and no more, and others when those are answered', async (t) => {
  const held: (() => void)[] = []
  let all: () => void = () => undefined
  const full = new Promise<void>((resolve) => (all = resolve))
  const host = await serve(t, (request, response) => {
    if (!isManifest(request)) return void response.end()
    held.push(() => response.writeHead(404).end())
    if (held.length === 32) all()
  })
  const resolveTag = openTagResolver()
  const asked = Array.from({ length: 32 }, (_, index) => codeOf(resolveTag(image(`${host}/app:v${index}`))))
  await full
  assert.equal(await codeOf(resolveTag(image(`${host}/app:late`))), 'RESOURCE_EXHAUSTED')
  for (const release of held.splice(0)) release()
  assert.deepEqual(new Set(await Promise.all(asked)), new Set(['NOT_FOUND']))
  const again = codeOf(resolveTag(image(`${host}/app:again`)))
  while (held.length === 0) await new Promise(setImmediate)
  for (const release of held) release()
  assert.equal(await again, 'NOT_FOUND')
})
