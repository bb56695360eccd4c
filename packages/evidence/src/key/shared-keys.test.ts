import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Attestor, AttestorPublicKey } from '@countersign/core/attestation/attestor.ts'
import type { AttestorName, NoteName } from '@countersign/core/name/resource-name.ts'
import { makePgpPair } from '../testing/pgp-keys.ts'
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

test('findSharedKeys() does not mind one key twice in one attestor, nor unreadable keys', async () => {
  const ec = makePkixPair('ECDSA_P256_SHA256').key
  const broken = { ...ec, publicKeyPem: 'x' }
  assert.deepEqual(await findSharedKeys([makeAttestor('a', [ec, { ...ec, id: 'again' }, broken]), makeAttestor('b', [broken])]), [])
})
