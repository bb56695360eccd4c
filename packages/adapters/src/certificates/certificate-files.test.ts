import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { issueServerCertificate, makeAuthority } from './authority.ts'
import { readCertificateFiles } from './certificate-files.ts'

async function makeFiles(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'cs-files-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const authority = await makeAuthority(Date.now())
  const [first, second] = [await issue(authority), await issue(authority)]
  const files = { certFile: join(folder, 'tls.crt'), keyFile: join(folder, 'tls.key') }
  writeFileSync(files.certFile, first.cert)
  writeFileSync(files.keyFile, first.key)
  writeFileSync(join(folder, 'ca.crt'), authority.cert)
  return { files, caFile: join(folder, 'ca.crt'), authority, first, second }
}

const issue = async (authority: Awaited<ReturnType<typeof makeAuthority>>) => issueServerCertificate(authority, { hosts: ['a'], now: Date.now() })

test('readCertificateFiles() gives what the files hold, trusted by itself where no authority is named', async (t) => {
  const { files, caFile, authority, first } = await makeFiles(t)
  assert.deepEqual(readCertificateFiles({ ...files, caFile }), { pair: first, caBundle: authority.cert })
  assert.deepEqual(readCertificateFiles(files), { pair: first, caBundle: first.cert })
})

test('readCertificateFiles() refuses a certificate whose key is another’s, no certificate, and a file that is not there', async (t) => {
  const { files, second } = await makeFiles(t)
  writeFileSync(files.certFile, second.cert)
  assert.throws(() => readCertificateFiles(files), { code: 'FAILED_PRECONDITION', message: /do not belong together$/ })
  writeFileSync(files.certFile, 'nothing')
  assert.throws(() => readCertificateFiles(files), { code: 'FAILED_PRECONDITION' })
  assert.throws(() => readCertificateFiles({ ...files, keyFile: `${files.keyFile}.gone` }), { message: /^Cannot read / })
})
