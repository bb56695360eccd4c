import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { issueServerCertificate, makeAuthority, type PemPair } from './authority.ts'

const DAY_MS = 24 * 3600 * 1000
const OPENSSL_ABSENT = spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is not installed'

/** Serves with a certificate and gives what a client that trusts `ca` and asks for `servername` meets: a status, or its error's code. */
async function meet(
  t: TestContext,
  pair: PemPair,
  client: { readonly ca: string; readonly servername: string },
): Promise<number | string | undefined> {
  const server = createServer({ cert: pair.cert, key: pair.key }, (_, response) => response.end())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  return await new Promise((resolve) => {
    const sent = request({ host: '127.0.0.1', port, ...client, agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    sent.on('error', (error: NodeJS.ErrnoException) => resolve(error.code))
    sent.end()
  })
}

test('a client that trusts the authority trusts the server by each of its names, and by no other', async (t) => {
  const authority = await makeAuthority(Date.now())
  const pair = await issueServerCertificate(authority, { hosts: ['localhost', 'gate.example', '127.0.0.1', '::1'], now: Date.now() })
  assert.equal(await meet(t, pair, { ca: authority.cert, servername: 'gate.example' }), 200)
  assert.equal(await meet(t, pair, { ca: authority.cert, servername: 'other.example' }), 'ERR_TLS_CERT_ALTNAME_INVALID')
  const certificate = new X509Certificate(pair.cert)
  assert.deepEqual(
    ['127.0.0.1', '::1', '127.0.0.2'].map((address) => certificate.checkIP(address)),
    ['127.0.0.1', '::1', undefined],
  )
})

test('a client that trusts another authority of the same name does not trust the server', async (t) => {
  const [authority, other] = [await makeAuthority(Date.now()), await makeAuthority(Date.now())]
  const pair = await issueServerCertificate(authority, { hosts: ['gate.example'], now: Date.now() })
  const code = await meet(t, pair, { ca: other.cert, servername: 'gate.example' })
  assert(typeof code === 'string', String(code))
})

test('a bundle of two authorities trusts servers of either: the way from one to the next', async (t) => {
  const authorities = [await makeAuthority(Date.now()), await makeAuthority(Date.now())]
  const bundle = authorities.map(({ cert }) => cert).join('')
  for (const authority of authorities) {
    const pair = await issueServerCertificate(authority, { hosts: ['gate.example'], now: Date.now() })
    assert.equal(await meet(t, pair, { ca: bundle, servername: 'gate.example' }), 200)
  }
})

test('the authority signs server certificates and no further authorities; a server certificate signs nothing', async () => {
  const now = Date.UTC(2026, 0, 1)
  const authority = await makeAuthority(now)
  const pair = await issueServerCertificate(authority, { hosts: ['gate.example'], now })
  const [root, leaf] = [new X509Certificate(authority.cert), new X509Certificate(pair.cert)]
  assert.deepEqual([root.ca, leaf.ca], [true, false])
  assert(leaf.checkIssued(root) && leaf.verify(root.publicKey) && root.verify(root.publicKey))
  assert.deepEqual(leaf.keyUsage, ['1.3.6.1.5.5.7.3.1'])
  assert.notEqual(root.serialNumber, leaf.serialNumber)
})

test('a server certificate lasts 90 days, never longer than its authority', async () => {
  const now = Date.UTC(2026, 0, 1)
  const authority = await makeAuthority(now)
  const end = Date.parse(new X509Certificate(authority.cert).validTo)
  const lifeOf = async (at: number): Promise<number> =>
    Date.parse(new X509Certificate((await issueServerCertificate(authority, { hosts: ['a'], now: at })).cert).validTo)
  assert.equal(await lifeOf(now), now + 90 * DAY_MS)
  assert.equal(await lifeOf(end - DAY_MS), end)
})

test('openssl verifies the chain strictly', { skip: OPENSSL_ABSENT }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'cs-certificate-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const authority = await makeAuthority(Date.now())
  const pair = await issueServerCertificate(authority, { hosts: ['gate.example', '10.0.0.1'], now: Date.now() })
  writeFileSync(join(folder, 'ca.pem'), authority.cert)
  writeFileSync(join(folder, 'leaf.pem'), pair.cert)
  const options = ['verify', '-x509_strict', '-purpose', 'sslserver', '-verify_hostname', 'gate.example', '-CAfile', 'ca.pem', 'leaf.pem']
  const { status, stdout, stderr } = spawnSync('openssl', options, { cwd: folder, encoding: 'utf8' })
  assert.deepEqual([status, stdout.trim()], [0, 'leaf.pem: OK'], stderr)
})
