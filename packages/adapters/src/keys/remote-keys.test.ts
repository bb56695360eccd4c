import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { StatusError, type StatusCode } from '@countersign/core/status.ts'
import { checkSignature } from '@countersign/evidence/attestation/check-signature.ts'
import { loadKey } from '@countersign/evidence/attestation/loaded-keys.ts'
import { type DeclaredAlgorithm, SCHEMES } from '@countersign/evidence/key/algorithm.ts'
import { DIGEST, PAYLOAD } from '@countersign/evidence/testing/attestations.ts'
import { OPENSSL_ABSENT } from '@countersign/evidence/testing/openssl.ts'
import { AZURE_VAULT, FakeAzureVault } from '../testing/fake-azure-vault.ts'
import { FakeAwsKms } from '../testing/fake-aws-kms.ts'
import { FakeVaultTransit } from '../testing/fake-vault-transit.ts'
import { makeKeySurroundings, sendTo } from '../testing/key-surroundings.ts'
import type { KmsKey } from '../testing/kms-key.ts'
import { openKey } from './open-key.ts'
import { type HttpRequest, sendOverHttp } from '../http-send.ts'
import type { KeyOptions, KeySurroundings } from './opened-key.ts'

/** One keeper as the contract sees it. */
interface Keeper {
  readonly uri: (name: string) => string
  readonly surroundings: () => KeySurroundings
  readonly addKey: (name: string, algorithm: DeclaredAlgorithm) => KmsKey
  readonly deny: (isDenied: boolean) => void
  readonly stranger: () => KeySurroundings
}

let aws: FakeAwsKms
let azure: FakeAzureVault
let vault: FakeVaultTransit
before(async () => {
  aws = await FakeAwsKms.start()
  azure = await FakeAzureVault.start()
  vault = await FakeVaultTransit.start()
})
after(async () => {
  await Promise.all([aws.close(), azure.close(), vault.close()])
})

const toAzure = (env: Readonly<Record<string, string>>) => makeKeySurroundings(env, { send: async (request) => await sendTo(request, azure.hosts) })
const keepers: Readonly<Record<string, Keeper>> = {
  'awskms://': {
    uri: (name) => `awskms:///alias/${name}`,
    surroundings: () => makeKeySurroundings(aws.env),
    addKey: (...key) => aws.addKey(...key),
    deny: (isDenied) => (aws.isDenied = isDenied),
    stranger: () => makeKeySurroundings(aws.env),
  },
  'azurekms://': {
    uri: (name) => `azurekms://${AZURE_VAULT}/${name}`,
    surroundings: () => toAzure(azure.env),
    addKey: (...key) => azure.addKey(...key),
    deny: (isDenied) => (azure.isDenied = isDenied),
    stranger: () => toAzure({}),
  },
  'hashivault://': {
    uri: (name) => `hashivault://${name}`,
    surroundings: () => makeKeySurroundings(vault.env),
    addKey: (...key) => vault.addKey(...key),
    deny: (isDenied) => (vault.isDenied = isDenied),
    stranger: () => makeKeySurroundings({ ...vault.env, VAULT_TOKEN: 'other' }),
  },
}

const ALGORITHMS = (Object.keys(SCHEMES) as DeclaredAlgorithm[]).filter((algorithm) => algorithm !== 'ML_DSA_65')

for (const [kind, { uri, surroundings, addKey, deny, stranger }] of Object.entries(keepers)) {
  describe(kind, { skip: OPENSSL_ABSENT }, () => {
    const open = async (name: string, options: KeyOptions = {}) => await openKey(uri(name), options, surroundings())
    const refuses = async (act: () => Promise<unknown>, code: StatusCode, words: RegExp) =>
      await assert.rejects(act, (error) => error instanceof StatusError && error.code === code && words.test(error.message))

    for (const algorithm of kind === 'awskms://' ? [...ALGORITHMS, 'ML_DSA_65' as const] : ALGORITHMS) {
      test(`§2.2: a key of ${algorithm} signs what a gate accepts`, async () => {
        const name = algorithm.replaceAll('_', '-')
        addKey(name, algorithm)
        const { signer, publicKey } = await open(name, { algorithm })
        assert.equal(publicKey.type === 'PKIX' && publicKey.signatureAlgorithm, algorithm)
        assert.deepEqual([signer.publicKeyId, publicKey.id.startsWith('ni:///sha-256;')], [publicKey.id, true])
        assert.deepEqual(await checkSignature(PAYLOAD, await signer.sign(PAYLOAD), await loadKey(publicKey)), { ok: true, fact: { digest: DIGEST } })
      })
    }

    test('an RSA key of which nothing more is said signs with PSS and SHA-256; an id may be chosen', async () => {
      addKey('plain', 'RSA_PSS_2048_SHA256')
      const { publicKey } = await open('plain', { publicKeyId: 'k1' })
      assert.deepEqual([publicKey.type === 'PKIX' && publicKey.signatureAlgorithm, publicKey.id], ['RSA_PSS_2048_SHA256', 'k1'])
    })

    test('an algorithm that the key cannot, and a key that is not there', async () => {
      addKey('curve', 'ECDSA_P384_SHA384')
      await refuses(async () => await open('curve', { algorithm: 'ECDSA_P256_SHA256' }), 'FAILED_PRECONDITION', /signs with ECDSA_P384_SHA384/)
      await refuses(async () => await open('nowhere'), 'NOT_FOUND', /; .+ (list|keys)/)
    })

    test('a permission that is missing, with what to grant', async () => {
      addKey('denied', 'ECDSA_P256_SHA256')
      deny(true)
      await refuses(async () => await open('denied'), 'PERMISSION_DENIED', /allow kms:GetPublicKey|grant the role|policy needs/)
      deny(false)
    })

    test('a login that is missing or wrong', { skip: kind === 'awskms://' && 'without one the SDK asks the machine it runs on' }, async () => {
      addKey('login', 'ECDSA_P256_SHA256')
      await refuses(async () => await openKey(uri('login'), {}, stranger()), 'UNAUTHENTICATED', /log in with/)
    })

    test('a key that is disabled', { skip: kind === 'hashivault://' && 'transit keys cannot be disabled' }, async () => {
      addKey('off', 'ECDSA_P256_SHA256').enabled = false
      await refuses(async () => await open('off'), 'FAILED_PRECONDITION', /disabled/)
    })
  })
}

test('a key of Vault keeps to the version that was newest when it was opened, or that was named', { skip: OPENSSL_ABSENT }, async () => {
  vault.addKey('rotated', 'ECDSA_P256_SHA256')
  const before = await openKey('hashivault://rotated', {}, makeKeySurroundings(vault.env))
  vault.addKey('rotated', 'ECDSA_P384_SHA384')
  await before.signer.sign(PAYLOAD)
  const named = await openKey('hashivault://rotated?version=1', {}, makeKeySurroundings(vault.env))
  const newest = await openKey('hashivault://rotated', {}, makeKeySurroundings(vault.env))
  assert.deepEqual([named.publicKey.id === before.publicKey.id, newest.publicKey.id === before.publicKey.id], [true, false])
})

for (const uri of [
  'awskms://alias',
  'awskms://evil.example@host/alias/x',
  'azurekms://demo.vault.azure.net.evil.example/key',
  'azurekms://demo.vault.azure.net/key/../other',
  'azurekms://demo.vault.azure.net/key/1/2',
  'hashivault://../sys/seal',
  'hashivault://key?version=0',
  'gcpkms://projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1/../2',
  'rot13://key',
]) {
  test(`${uri} is no key, and nobody is asked`, async () => {
    const surroundings = makeKeySurroundings({ ...vault.env, ...azure.env }, { send: async () => await assert.fail('asked') })
    await assert.rejects(openKey(uri, {}, surroundings), { code: 'INVALID_ARGUMENT' })
  })
}

test('Vault’s own variables reach it: authority, namespace, mount, OpenBao’s names, and the token that vault login wrote', {
  skip: OPENSSL_ABSENT,
}, async () => {
  vault.addKey('named', 'ECDSA_P256_SHA256')
  const seen: HttpRequest[] = []
  const env = { BAO_ADDR: vault.server.origin, BAO_NAMESPACE: 'team', BAO_CACERT: '/ca.pem', HOME: '/home/ann' }
  const files: Readonly<Record<string, string>> = { '/ca.pem': 'PEM', '/home/ann/.vault-token': 'token\n' }
  const surroundings = makeKeySurroundings(env, {
    readFile: async (path) => Buffer.from(files[path] ?? ''),
    send: async (request) => {
      seen.push(request)
      return await sendOverHttp(request)
    },
  })
  await openKey('hashivault://named', {}, surroundings)
  assert.deepEqual([seen[0]?.ca, seen[0]?.headers['x-vault-namespace'], seen[0]?.headers['x-vault-token']], ['PEM', 'team', 'token'])
  await assert.rejects(openKey('hashivault://named', {}, { ...surroundings, env: { ...env, TRANSIT_SECRET_ENGINE_PATH: 'other' } }))
  assert.equal(seen.at(-1)?.url, `${vault.server.origin}/v1/other/keys/named`)
})

test('a keeper’s endless or unreadable answer is an outage, and a redirect is not followed', async () => {
  const answer = (status: number, body: string) =>
    makeKeySurroundings(vault.env, { send: async () => ({ status, headers: { location: 'https://evil.example/' }, body: Buffer.from(body) }) })
  await assert.rejects(openKey('hashivault://key', {}, answer(200, 'x'.repeat(2 * 1024 * 1024))), { code: 'UNAVAILABLE' })
  await assert.rejects(openKey('hashivault://key', {}, answer(307, '')), { code: 'UNAVAILABLE' })
  await assert.rejects(openKey('hashivault://key', {}, answer(200, '<html>')), { code: 'FAILED_PRECONDITION' })
})
