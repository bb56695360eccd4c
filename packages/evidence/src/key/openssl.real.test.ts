import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { checkSignature } from '../attestation/check-signature.ts'
import { openPkixSigner } from '../sign/pkix-signer.ts'
import { DIGEST, PAYLOAD } from '../testing/attestations.ts'
import { OPENSSL_ABSENT, OpenSsl, opensslKnows } from '../testing/openssl.ts'
import { makePkixPair } from '../testing/pkix-keys.ts'
import type { DeclaredAlgorithm } from './algorithm.ts'
import { SCHEMES } from './algorithm.ts'
import { importPublicKey } from './import-key.ts'
import { loadPkixKey } from './pkix-key.ts'

const openssl = new OpenSsl()
after(() => openssl.close())

const mlDsaAbsent = OPENSSL_ABSENT || (opensslKnows('ML-DSA-65') ? false : 'this openssl does not know ML-DSA-65 (it came with 3.5)')

/** The options of `openssl dgst` for an algorithm, apart from files. */
function digestOptions(algorithm: DeclaredAlgorithm, saltLength: string): readonly string[] {
  const scheme = SCHEMES[algorithm]
  if (scheme.family === 'ML_DSA') return []
  const pss = scheme.family === 'RSA_PSS' ? ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', `rsa_pss_saltlen:${saltLength}`] : []
  return [`-${scheme.hash}`, ...pss]
}

for (const algorithm of (Object.keys(SCHEMES) as DeclaredAlgorithm[]).filter((name) => name !== 'ML_DSA_65')) {
  test(`§2.2 row ${algorithm}: what openssl signs verifies, and openssl verifies what we sign`, { skip: OPENSSL_ABSENT }, async () => {
    const { privateKeyPem, key, signer } = makePkixPair(algorithm)
    const secret = openssl.write('key.pem', privateKeyPem)
    const loaded = loadPkixKey(key)
    for (const saltLength of ['digest', 'max']) {
      const signature = openssl.run(['dgst', ...digestOptions(algorithm, saltLength), '-sign', secret], PAYLOAD)
      assert.deepEqual(checkSignature(PAYLOAD, signature, loaded), { ok: true, fact: { digest: DIGEST } }, saltLength)
    }
    const ours = openssl.write('ours.sig', await signer.sign(PAYLOAD))
    const publicKey = openssl.write('pub.pem', key.publicKeyPem)
    assert.ok(openssl.succeeds(['dgst', ...digestOptions(algorithm, 'digest'), '-verify', publicKey, '-signature', ours], PAYLOAD))
  })
}

test('§2.2 row ML_DSA_65: what openssl signs verifies, and openssl verifies what we sign', { skip: mlDsaAbsent }, async () => {
  const { privateKeyPem, key, signer } = makePkixPair('ML_DSA_65')
  const secret = openssl.write('key.pem', privateKeyPem)
  const payload = openssl.write('payload.json', PAYLOAD)
  const signature = openssl.run(['pkeyutl', '-sign', '-inkey', secret, '-in', payload, '-rawin'])
  assert.deepEqual(checkSignature(PAYLOAD, signature, loadPkixKey(key)), { ok: true, fact: { digest: DIGEST } })
  const ours = openssl.write('ours.sig', await signer.sign(PAYLOAD))
  const publicKey = openssl.write('pub.pem', key.publicKeyPem)
  assert.ok(openssl.succeeds(['pkeyutl', '-verify', '-pubin', '-inkey', publicKey, '-in', payload, '-rawin', '-sigfile', ours]))
})

test('private keys of openssl in every form open: PKCS#8, encrypted PKCS#8, PKCS#1, SEC1', { skip: OPENSSL_ABSENT }, async () => {
  const ec = openssl.write('ec.pem', makePkixPair('ECDSA_P256_SHA256').privateKeyPem)
  const rsa = openssl.write('rsa.pem', makePkixPair('RSA_PSS_2048_SHA256').privateKeyPem)
  const rows = [
    [openssl.run(['pkey', '-in', ec]), 'ECDSA_P256_SHA256', undefined],
    [openssl.run(['pkcs8', '-topk8', '-in', ec, '-passout', 'pass:secret']), 'ECDSA_P256_SHA256', 'secret'],
    [openssl.run(['rsa', '-in', rsa, '-traditional']), 'RSA_PSS_2048_SHA256', undefined],
    [openssl.run(['ec', '-in', ec]), 'ECDSA_P256_SHA256', undefined],
  ] as const
  for (const [pem, signatureAlgorithm, passphrase] of rows) {
    const signer = openPkixSigner({ privateKeyPem: pem.toString(), signatureAlgorithm, ...(passphrase !== undefined && { passphrase }) })
    assert.ok(signer.ok)
    const loaded = loadPkixKey(makePkixPair(signatureAlgorithm).key)
    assert.equal((await checkSignature(PAYLOAD, await signer.value.sign(PAYLOAD), loaded)).ok, true)
  }
})

test('§2.3: the default id of a key is what openssl and a base64url make of it', { skip: OPENSSL_ABSENT }, async () => {
  const { key } = makePkixPair('ECDSA_P384_SHA384')
  const der = openssl.run(['pkey', '-pubin', '-in', openssl.write('p384.pem', key.publicKeyPem), '-outform', 'DER'])
  const digest = openssl.run(['dgst', '-sha256', '-binary'], der).toString('base64url')
  const imported = await importPublicKey({ type: 'PKIX', publicKeyPem: key.publicKeyPem, signatureAlgorithm: 'ecdsa-p384-sha384' }, { now: 0 })
  assert.equal(imported.ok && imported.value.key.id, `ni:///sha-256;${digest}`)
})
