import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openCertificates } from './certificates.ts'
import { type DataFolder, openDataFolder } from './data-folder.ts'

const DAY_MS = 24 * 3600 * 1000
const NOW = Date.UTC(2026, 0, 1)
const HOSTS = ['localhost', '127.0.0.1', '::1']

function folder(t: TestContext): DataFolder {
  const root = mkdtempSync(join(tmpdir(), 'cs-certificates-'))
  t.after(() => rmSync(root, { recursive: true }))
  return openDataFolder(join(root, 'data'))
}

test('the first start makes an authority and a server certificate for every name', async (t) => {
  const data = folder(t)
  const { pair, caBundle } = await openCertificates(data, { hosts: HOSTS, now: NOW })
  const server = new X509Certificate(pair.cert)
  assert.ok(server.verify(new X509Certificate(caBundle).publicKey))
  assert.deepEqual([server.checkHost('localhost'), server.checkIP('127.0.0.1'), server.checkIP('::1')], ['localhost', '127.0.0.1', '::1'])
  assert.equal(statSync(join(data.certificatesFolder, 'authority.pem')).mode & 0o777, 0o600)
})

test('a later start finds both as they were', async (t) => {
  const data = folder(t)
  const first = await openCertificates(data, { hosts: HOSTS, now: NOW })
  assert.deepEqual(await openCertificates(data, { hosts: HOSTS, now: NOW + DAY_MS }), first)
})

test('near its end or for another name the server certificate is made anew by the same authority', async (t) => {
  const data = folder(t)
  const first = await openCertificates(data, { hosts: HOSTS, now: NOW })
  const renewed = await openCertificates(data, { hosts: HOSTS, now: NOW + 70 * DAY_MS })
  const named = await openCertificates(data, { hosts: [...HOSTS, 'gate.example'], now: NOW + 71 * DAY_MS })
  assert.deepEqual([renewed.caBundle, named.caBundle], [first.caBundle, first.caBundle])
  assert.notEqual(renewed.pair.cert, first.pair.cert)
  assert.equal(new X509Certificate(named.pair.cert).checkHost('gate.example'), 'gate.example')
})
