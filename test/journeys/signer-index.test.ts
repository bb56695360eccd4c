import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { TestRegistry } from '@countersign/adapters/testing/registry.ts'
import { openSignerPlace } from './signer-place.ts'

test('an index with one platform that was not scanned is told and not signed; after the scan it is signed with its platforms, and all are let in', async (t) => {
  const place = await openSignerPlace()
  t.after(() => place.stop())
  const registry = await TestRegistry.start()
  t.after(() => registry.close())
  const { cwd, must, note, run, scan } = place
  const created = '2026-01-31T12:00:00Z'
  const amd64 = registry.addImage('demo/app', { created })
  const arm64 = registry.addImage('demo/app', { created: '2026-01-31T12:00:01Z' })
  const attached = registry.addImage('demo/app', { created: '2026-01-31T12:00:02Z' })
  const children = { 'linux/amd64': amd64, 'linux/arm64': arm64, 'unknown/unknown': attached }
  const index = registry.addIndex('demo/app', { tag: 'v1', children })
  const imageOf = (digest: string): string => `${registry.host}/demo/app@${digest}`

  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  writeFileSync(join(cwd, 'key.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }))
  writeFileSync(join(cwd, 'pub.pem'), publicKey.export({ type: 'spki', format: 'pem' }))
  const key = ['--pkix-public-key-file=pub.pem', '--pkix-public-key-algorithm=ecdsa-p256-sha256']
  await must(['attestors', 'public-keys', 'add', '--attestor=scanned', ...key])
  const signer = ['signer', '-image', imageOf(index), '-policy', 'policy.yaml', '-vulnz_timeout', '0', '--all-platforms']
  const sign = [...signer, '-note_name', note, '-pkix_private_key', 'key.pem', '-pkix_alg', 'ecdsa-p256-sha256']
  const admitted = async () => await Promise.all([index, amd64, arm64, attached].map(async (digest) => await place.admits(imageOf(digest))))

  await scan(imageOf(amd64))
  const checked = await run([...signer, '-mode', 'check-only'])
  assert.equal(checked.code, 3, checked.stderr)
  assert.match(checked.stdout + checked.stderr, /linux\/arm64/)
  assert.doesNotMatch(checked.stdout + checked.stderr, /linux\/amd64[^\n]*not (?:been )?scanned/)
  assert.equal((await run(sign)).code, 3)
  assert.deepEqual(await admitted(), [false, false, false, false])

  await scan(imageOf(arm64))
  await must([...signer, '-mode', 'check-only'])
  await must(sign)
  assert.deepEqual(await admitted(), [true, true, true, false])
})
