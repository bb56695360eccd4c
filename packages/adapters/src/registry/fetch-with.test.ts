import assert from 'node:assert/strict'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { parseImageReference } from '@countersign/core/image/reference.ts'
import { issueServerCertificate, makeAuthority, type PemPair } from '../certificates/authority.ts'
import { makeRegistryClient } from './client.ts'
import { makeFetch } from './fetch-with.ts'

const AUTHORITY = await makeAuthority(Date.now())

async function open(t: TestContext, server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

async function startSecure(t: TestContext, authority: PemPair, serve: RequestListener): Promise<string> {
  const pair = await issueServerCertificate(authority, { hosts: ['127.0.0.1'], now: Date.now() })
  return `127.0.0.1:${await open(t, createSecureServer(pair, serve))}`
}

function init(more: { readonly ca?: string } = {}) {
  return { headers: { accept: '*/*' }, redirect: 'manual', signal: AbortSignal.timeout(10_000), ...more } as const
}

test('trusts the authority that a call names, for that call alone', async (t) => {
  const host = await startSecure(t, AUTHORITY, (_request, response) => void response.setHeader('x-told', 'yes').end('hello'))
  const fetch = makeFetch({})
  const answer = await fetch(new URL(`https://${host}/`), init({ ca: AUTHORITY.cert }))
  assert.deepEqual([answer.status, answer.headers.get('x-told'), await answer.text()], [200, 'yes', 'hello'])
  await assert.rejects(fetch(new URL(`https://${host}/`), init()), { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' })
})

test('a registry whose authority nobody trusts is told with the option that helps, and is not asked in plain text', async (t) => {
  const asked: unknown[] = []
  const host = await startSecure(t, AUTHORITY, (request, response) => {
    asked.push(request.url)
    response.writeHead(404).end()
  })
  const parsed = parseImageReference(`${host}/team/app:v1`)
  assert.ok(parsed.ok)
  const clientWith = (more: { readonly ca?: string }) =>
    makeRegistryClient({ fetch: makeFetch({}), credentials: async () => undefined, insecureHosts: [host], tokenHosts: [], ...more })
  await assert.rejects(clientWith({}).resolveTag(parsed.value), { code: 'UNAVAILABLE', message: /--registry-ca-file/ })
  assert.deepEqual(asked, [])
  await assert.rejects(clientWith({ ca: AUTHORITY.cert }).resolveTag(parsed.value), { code: 'NOT_FOUND' })
  assert.deepEqual(asked, ['/v2/', '/v2/team/app/manifests/v1'])
})

test('goes through the proxy of the environment, unless NO_PROXY names the host', async (t) => {
  const asked: string[] = []
  const proxy = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    response.end('by proxy')
  })
  proxy.on('connect', (request, socket) => {
    asked.push(`CONNECT ${request.url}`)
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n')
  })
  const address = `http://127.0.0.1:${await open(t, proxy)}`
  const env = { HTTP_PROXY: address, HTTPS_PROXY: address }
  assert.equal(await (await makeFetch(env)(new URL('http://registry.invalid/v2/'), init())).text(), 'by proxy')
  await assert.rejects(makeFetch(env)(new URL('https://registry.invalid/v2/'), init()))
  assert.deepEqual(asked, ['GET http://registry.invalid/v2/', 'CONNECT registry.invalid:443'])
  await assert.rejects(makeFetch({ ...env, NO_PROXY: 'registry.invalid' })(new URL('http://registry.invalid/v2/'), init()), {
    code: /^(?:ENOTFOUND|EAI_AGAIN)$/,
  })
  assert.equal(asked.length, 2)
})

test('what a judge forbids is not dialled, and what it looked up is where the connection goes, past any proxy', async (t) => {
  const port = await open(
    t,
    createServer((request, response) => void response.end(request.headers.host)),
  )
  const fetch = makeFetch({ HTTP_PROXY: 'http://proxy.invalid:1' }, async (url) => {
    if (url.hostname === 'forbidden.invalid') throw new Error('forbidden')
    return (_hostname, { all }, callback) => (all === true ? callback(null, [{ address: '127.0.0.1', family: 4 }]) : callback(null, '127.0.0.1', 4))
  })
  assert.equal(await (await fetch(new URL(`http://judged.invalid:${port}/`), init())).text(), `judged.invalid:${port}`)
  await assert.rejects(fetch(new URL(`http://forbidden.invalid:${port}/`), init()), { message: 'forbidden' })
})
