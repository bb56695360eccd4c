import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { importPublicKey } from './import-key.ts'
import { isKeyId } from './key-id.ts'

const VECTORS = new URL('../../../../vectors/key-id/', import.meta.url)

for (const name of readdirSync(VECTORS, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)) {
  test(`§2.3 vector ${name}: the id is computed from the key`, async () => {
    const read = (file: string): string => readFileSync(new URL(`${name}/${file}`, VECTORS), 'utf8')
    const { signatureAlgorithm, id } = JSON.parse(read('expected.json')) as { signatureAlgorithm: string; id: string }
    const imported = await importPublicKey({ type: 'PKIX', publicKeyPem: read('key.pem'), signatureAlgorithm }, { now: 0 })
    assert.equal(imported.ok && imported.value.key.id, id)
  })
}

test('§2.3: any StringOrURI may be an explicit id', () => {
  const ids = [
    'my-key',
    'a key with spaces',
    'ni:///sha-256;2CoEOPC-exQXJMJBUaQoZkUuBU5fq7yHp6ORKoo97iI',
    '//cloudkms.googleapis.com/v1/projects/p/locations/global/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1',
    'https://example.com/keys/1',
    'urn:uuid:0b8a1c3e-0000-4000-8000-000000000000',
  ]
  for (const id of ids) assert.ok(isKeyId(id), id)
})

test('§2.3: an id with a colon that is no URI, or with control characters, is refused', () => {
  for (const id of ['', ':', 'a b:c', '1a:b', 'a:', 'a:%zz', 'a\nb', 'a\u202eb', ' a', 'x'.repeat(3000)]) assert.ok(!isKeyId(id), id)
})
