import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Attestor, AttestorPublicKey } from '@countersign/core/attestation/attestor.ts'
import type { AttestorName, NoteName } from '@countersign/core/name/resource-name.ts'
import { loadOpenPgp } from '../pgp/library.ts'
import { loadPgpKey } from '../pgp/pgp-key.ts'
import { MADE_AT, makePgpPair, SIGNED_AT } from '../testing/pgp-keys.ts'
import { makePkixPair } from '../testing/pkix-keys.ts'
import { findSharedKeys } from './shared-keys.ts'

function makeAttestor(id: string, publicKeys: readonly AttestorPublicKey[]): Attestor {
  return { name: `projects/p1/attestors/${id}` as AttestorName, uid: id, note: 'projects/p1/notes/n' as NoteName, noteUid: 'n', publicKeys }
}

test('class C6: findSharedKeys() finds one key in two attestors, whatever its id, algorithm or block', async () => {
  const ec = makePkixPair('ECDSA_P256_SHA256').key
  const rsa = makePkixPair('RSA_PSS_2048_SHA256').key
  const pgp = (await makePgpPair()).key
  const other = (await makePgpPair()).key
  const shared = await findSharedKeys([
    makeAttestor('a', [ec, pgp]),
    makeAttestor('b', [{ ...ec, id: 'alias' }, rsa]),
    makeAttestor('c', [
      { ...rsa, signatureAlgorithm: 'RSA_SIGN_PKCS1_2048_SHA256' },
      { ...pgp, asciiArmored: `${other.asciiArmored}${pgp.asciiArmored}` },
    ]),
  ])
  assert.deepEqual(
    shared.map(({ fingerprint, attestors }) => [fingerprint, attestors.map((name) => name.at(-1)).join('')]),
    [
      [ec.id, 'ab'],
      [pgp.id, 'ac'],
      [rsa.id, 'bc'],
    ],
  )
})

test('class C6: one key dressed twice in PGP, or once in PGP and once in PKIX, is one key', async () => {
  const library = await loadOpenPgp()
  const pair = await makePgpPair({ curve: 'nistP256' })
  const secret = await library.readPrivateKey({ armoredKey: pair.armoredPrivateKey })
  secret.keyPacket.created = new Date(MADE_AT + 1000)
  await Reflect.apply(Reflect.get(secret.keyPacket, 'computeFingerprintAndKeyID'), secret.keyPacket, [])
  const { publicKey: redated } = await library.reformatKey({
    privateKey: secret,
    userIDs: [{ name: 'Another' }],
    date: new Date(SIGNED_AT),
    format: 'armored',
  })
  const loaded = await loadPgpKey(pair.key)
  assert.ok(loaded.kind === 'PGP')
  const [signing] = [...loaded.signingKeys.values()].flat()
  const publicKeyPem = String(signing?.key.keyObject.export({ type: 'spki', format: 'pem' }))
  const shared = await findSharedKeys([
    makeAttestor('a', [pair.key]),
    makeAttestor('b', [{ type: 'PGP', id: 'redated', asciiArmored: redated }]),
    makeAttestor('c', [{ type: 'PKIX', id: 'pkix', publicKeyPem, signatureAlgorithm: 'ECDSA_P256_SHA256' }]),
  ])
  assert.deepEqual(
    shared.map(({ fingerprint, attestors }) => [fingerprint, attestors.map((name) => name.at(-1)).join('')]),
    [[pair.key.id, 'abc']],
  )
})

test('findSharedKeys() does not mind one key twice in one attestor, nor unreadable keys', async () => {
  const ec = makePkixPair('ECDSA_P256_SHA256').key
  const broken = { ...ec, publicKeyPem: 'x' }
  assert.deepEqual(await findSharedKeys([makeAttestor('a', [ec, { ...ec, id: 'again' }, broken]), makeAttestor('b', [broken])]), [])
})
