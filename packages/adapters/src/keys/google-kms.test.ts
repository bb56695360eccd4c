import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { StatusError, type StatusCode } from '@countersign/core/status.ts'
import { checkSignature } from '@countersign/evidence/attestation/check-signature.ts'
import type { DeclaredAlgorithm } from '@countersign/evidence/key/algorithm.ts'
import { loadKey } from '@countersign/evidence/attestation/loaded-keys.ts'
import { DIGEST, PAYLOAD } from '@countersign/evidence/testing/attestations.ts'
import { OPENSSL_ABSENT } from '@countersign/evidence/testing/openssl.ts'
import { FakeGoogleKms } from '../testing/fake-google-kms.ts'
import { makeKeySurroundings } from '../testing/key-surroundings.ts'
import { crc32c } from './crc32c.ts'
import { openKey } from './open-key.ts'

test('CRC-32C of the check value', () => {
  assert.equal(crc32c(Buffer.from('123456789')), String(0xe3069283))
})

describe('gcpkms://', { skip: OPENSSL_ABSENT }, () => {
  let kms: FakeGoogleKms
  before(async () => {
    kms = await FakeGoogleKms.start()
  })
  after(() => kms.close())
  const open = async (version: string, algorithm?: DeclaredAlgorithm) =>
    await openKey(`gcpkms://${version}`, algorithm === undefined ? {} : { algorithm }, makeKeySurroundings(kms.env))

  for (const algorithm of [
    'ECDSA_P256_SHA256',
    'ECDSA_P384_SHA384',
    'RSA_PSS_2048_SHA256',
    'RSA_PSS_4096_SHA512',
    'RSA_SIGN_PKCS1_2048_SHA256',
    'RSA_SIGN_PKCS1_4096_SHA512',
  ] as const) {
    test(`§2.2: a key version of ${algorithm} signs what a gate accepts, under the original's id`, async () => {
      const { version } = kms.addKey(algorithm.toLowerCase(), algorithm)
      const { signer, publicKey } = await open(version)
      assert.deepEqual([publicKey.id, signer.publicKeyId], Array(2).fill(`//cloudkms.googleapis.com/v1/${version}`))
      assert.equal(publicKey.type === 'PKIX' && publicKey.signatureAlgorithm, algorithm)
      assert.deepEqual(await checkSignature(PAYLOAD, await signer.sign(PAYLOAD), await loadKey(publicKey)), { ok: true, fact: { digest: DIGEST } })
    })
  }

  test('only a digest leaves the machine', async () => {
    const { version } = kms.addKey('seen', 'ECDSA_P256_SHA256')
    await (await open(version)).signer.sign(PAYLOAD)
    assert.deepEqual(Object.keys(kms.server.requests.at(-1)?.json ?? {}), ['digest', 'digestCrc32c'])
  })

  const refusals: readonly (readonly [StatusCode, RegExp, (name: string) => Promise<unknown>])[] = [
    [
      'NOT_FOUND',
      /gcloud kms keys versions list/,
      async () => await open('projects/p1/locations/global/keyRings/r/cryptoKeys/k/cryptoKeyVersions/9'),
    ],
    ['INVALID_ARGUMENT', /expected projects\/P\/locations/, async () => await open('projects/p1/locations/global/keyRings/r/cryptoKeys/k')],
    [
      'FAILED_PRECONDITION',
      /current state is: DISABLED.*gcloud kms keys versions enable/,
      async (name) => {
        const { version, key } = kms.addKey(name, 'ECDSA_P256_SHA256')
        key.enabled = false
        await open(version)
      },
    ],
    [
      'PERMISSION_DENIED',
      /roles\/cloudkms\.publicKeyViewer/,
      async (name) => {
        kms.fault = 'DENIED'
        await open(kms.addKey(name, 'ECDSA_P256_SHA256').version)
      },
    ],
    [
      'PERMISSION_DENIED',
      /grant roles\/cloudkms\.signerVerifier/,
      async (name) => {
        kms.fault = 'DENIED_TO_SIGN'
        await (await open(kms.addKey(name, 'ECDSA_P256_SHA256').version)).signer.sign(PAYLOAD)
      },
    ],
    [
      'DATA_LOSS',
      /checksum/,
      async (name) => {
        kms.fault = 'CORRUPTED'
        await (await open(kms.addKey(name, 'ECDSA_P256_SHA256').version)).signer.sign(PAYLOAD)
      },
    ],
    [
      'FAILED_PRECONDITION',
      /it is EC prime256v1 and signs with ECDSA_P256_SHA256/,
      async (name) => await open(kms.addKey(name, 'ECDSA_P256_SHA256').version, 'RSA_PSS_2048_SHA256'),
    ],
    [
      'UNAUTHENTICATED',
      /gcloud auth application-default login/,
      async (name) =>
        await openKey(
          `gcpkms://${kms.addKey(name, 'ECDSA_P256_SHA256').version}`,
          {},
          makeKeySurroundings({ ...kms.env, CLOUDSDK_AUTH_ACCESS_TOKEN: 'x' }),
        ),
    ],
    [
      'UNAVAILABLE',
      /Cannot reach http/,
      async (name) =>
        await openKey(
          `gcpkms://${kms.addKey(name, 'ECDSA_P256_SHA256').version}`,
          {},
          makeKeySurroundings({ ...kms.env, CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS: 'http://127.0.0.1:1' }),
        ),
    ],
  ]
  for (const [index, [code, words, act]] of refusals.entries()) {
    test(`${code} ${words.source}`, async () => {
      kms.fault = 'NONE'
      await assert.rejects(act(`refused-${index}`), (error) => error instanceof StatusError && error.code === code && words.test(error.message))
    })
  }
})
