import assert from 'node:assert/strict'
import { constants, createPrivateKey, sign } from 'node:crypto'
import { test } from 'node:test'
import { PAYLOAD } from '../testing/attestations.ts'
import { makePkixPair } from '../testing/pkix-keys.ts'
import type { DeclaredAlgorithm } from './algorithm.ts'
import { SCHEMES } from './algorithm.ts'
import type { LoadedPkixKey } from './pkix-key.ts'
import { loadPkixKey } from './pkix-key.ts'
import { verifyPkixSignature } from './pkix-signature.ts'

const ALGORITHMS = Object.keys(SCHEMES) as DeclaredAlgorithm[]

function load(algorithm: DeclaredAlgorithm): LoadedPkixKey {
  const loaded = loadPkixKey(makePkixPair(algorithm).key)
  assert.equal(loaded.kind, 'PKIX')
  return loaded as LoadedPkixKey
}

for (const algorithm of ALGORITHMS) {
  test(`§2.2 row ${algorithm}: what its signer signs verifies, and over these bytes only`, async () => {
    const key = load(algorithm)
    const signature = await makePkixPair(algorithm).signer.sign(PAYLOAD)
    assert.equal(verifyPkixSignature(key, PAYLOAD, signature), true)
    assert.equal(verifyPkixSignature(key, PAYLOAD.subarray(1), signature), false)
    assert.equal(verifyPkixSignature(key, PAYLOAD, signature.subarray(1)), false)
    assert.equal(verifyPkixSignature(key, PAYLOAD, Buffer.concat([signature, Buffer.of(0)])), false)
    assert.equal(verifyPkixSignature(key, PAYLOAD, new Uint8Array()), false)
  })
}

test('§2.2: a signature under one algorithm verifies under no other, with the same key too', async () => {
  for (const made of ALGORITHMS) {
    const signature = await makePkixPair(made).signer.sign(PAYLOAD)
    const accepting = ALGORITHMS.filter((algorithm) => verifyPkixSignature(load(algorithm), PAYLOAD, signature))
    assert.deepEqual(accepting, [made])
  }
})

test('PSS takes a salt of the digest length or of the maximum length, and no other', () => {
  const { privateKeyPem } = makePkixPair('RSA_PSS_2048_SHA256')
  const key = load('RSA_PSS_2048_SHA256')
  const verdicts = [0, 20, 31, 32, 33, 64, 221, 222].map((saltLength) => {
    const signature = sign('sha256', PAYLOAD, { key: createPrivateKey(privateKeyPem), padding: constants.RSA_PKCS1_PSS_PADDING, saltLength })
    return [saltLength, verifyPkixSignature(key, PAYLOAD, signature)]
  })
  assert.deepEqual(
    verdicts.filter(([, verdict]) => verdict).map(([saltLength]) => saltLength),
    [32, 222],
  )
})

test('the signer of PSS writes a salt of the digest length', async () => {
  for (const algorithm of ['RSA_PSS_3072_SHA256', 'RSA_PSS_4096_SHA512'] as const) {
    const { scheme, keyObject } = load(algorithm)
    assert.ok(scheme.family === 'RSA_PSS')
    const { verify } = await import('node:crypto')
    const exact = { key: keyObject, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: scheme.hashBytes }
    assert.ok(verify(scheme.hash, PAYLOAD, exact, await makePkixPair(algorithm).signer.sign(PAYLOAD)))
  }
})

test('ECDSA in IEEE P1363 form is refused: the format is DER', () => {
  const key = createPrivateKey(makePkixPair('ECDSA_P256_SHA256').privateKeyPem)
  const signature = sign('sha256', PAYLOAD, { key, dsaEncoding: 'ieee-p1363' })
  assert.equal(verifyPkixSignature(load('ECDSA_P256_SHA256'), PAYLOAD, signature), false)
})
