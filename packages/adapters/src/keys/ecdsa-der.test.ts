import assert from 'node:assert/strict'
import { generateKeyPairSync, sign, verify } from 'node:crypto'
import { test } from 'node:test'
import { ecdsaDer } from './ecdsa-der.ts'

for (const namedCurve of ['P-256', 'P-384', 'P-521']) {
  test(`numbers of ${namedCurve} side by side become the DER that openssl reads`, () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve })
    // Enough of them that some number begins with zeros, and some with a high bit.
    for (let count = 0; count < 64; count++) {
      const data = Buffer.from(`payload ${count}`)
      const der = ecdsaDer(sign('sha256', data, { key: privateKey, dsaEncoding: 'ieee-p1363' }))
      assert.ok(verify('sha256', data, { key: publicKey, dsaEncoding: 'der' }, der), Buffer.from(der).toString('hex'))
    }
  })
}

test('leading zeros go, but for the one that keeps a number positive; zero stays', () => {
  assert.deepEqual([...ecdsaDer(Uint8Array.of(0, 1, 0x80, 0))], [0x30, 8, 2, 1, 1, 2, 3, 0, 0x80, 0])
  assert.deepEqual([...ecdsaDer(Uint8Array.of(0, 0, 0, 5))], [0x30, 6, 2, 1, 0, 2, 1, 5])
})
