import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSignatureAlgorithm, SCHEMES } from './algorithm.ts'

test('§2.2: every canonical name is itself, in every spelling of gcloud and kritis', () => {
  for (const name of Object.keys(SCHEMES)) {
    assert.equal(parseSignatureAlgorithm(name), name)
    assert.equal(parseSignatureAlgorithm(name.toLowerCase().replaceAll('_', '-')), name)
  }
})

test('§2.2 column alias: aliases become the canonical name', () => {
  const rows = {
    RSA_SIGN_PSS_2048_SHA256: 'RSA_PSS_2048_SHA256',
    RSA_SIGN_PSS_3072_SHA256: 'RSA_PSS_3072_SHA256',
    RSA_SIGN_PSS_4096_SHA256: 'RSA_PSS_4096_SHA256',
    RSA_SIGN_PSS_4096_SHA512: 'RSA_PSS_4096_SHA512',
    EC_SIGN_P256_SHA256: 'ECDSA_P256_SHA256',
    EC_SIGN_P384_SHA384: 'ECDSA_P384_SHA384',
    EC_SIGN_P521_SHA512: 'ECDSA_P521_SHA512',
    PQ_SIGN_ML_DSA_65: 'ML_DSA_65',
    'rsa-pss-4096s-ha256': 'RSA_PSS_4096_SHA256',
  }
  for (const [alias, name] of Object.entries(rows)) assert.equal(parseSignatureAlgorithm(alias), name)
})

test('parseSignatureAlgorithm() knows nothing else', () => {
  for (const name of ['', 'SIGNATURE_ALGORITHM_UNSPECIFIED', 'ED25519', 'constructor', '__proto__', 'RSA_PSS_1024_SHA256']) {
    assert.equal(parseSignatureAlgorithm(name), undefined, name)
  }
})
