import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { SignatureFact } from '@countersign/core/attestation/attestation.ts'
import type { AttestorPublicKey } from '@countersign/core/attestation/attestor.ts'
import type { AttestorName, NoteName } from '@countersign/core/name/resource-name.ts'
import { checkSignature } from '../attestation/check-signature.ts'
import { findSharedKeys } from '../key/shared-keys.ts'
import { openPgpSigner } from '../sign/pgp-signer.ts'
import { DIGEST, PAYLOAD } from '../testing/attestations.ts'
import { GNUPG_ABSENT, GnuPg } from '../testing/gnupg.ts'
import type { SignatureVerdict } from '../verdict.ts'
import { listPgpKeys, loadPgpKey } from './pgp-key.ts'

const skip = GNUPG_ABSENT
const gpg = new GnuPg()
after(() => gpg.close())

const EMPTY = new Uint8Array()

async function check(asciiArmored: string, signature: Uint8Array, payload: Uint8Array = PAYLOAD): Promise<SignatureVerdict> {
  return checkSignature(payload, signature, await loadPgpKey({ type: 'PGP', id: 'key', asciiArmored }))
}

async function factOf(asciiArmored: string, signature: Uint8Array): Promise<SignatureFact> {
  const verdict = await check(asciiArmored, signature)
  assert.ok(verdict.ok, JSON.stringify(verdict))
  return verdict.fact
}

for (const algorithm of ['rsa2048', 'rsa3072', 'rsa4096', 'ed25519', 'nistp256', 'nistp384', 'nistp521', 'brainpoolP256r1', 'brainpoolP512r1']) {
  test(`§3.3: what gpg signs with ${algorithm} verifies: attached, compressed or not, binary, clear-signed, detached`, { skip }, async () => {
    const fingerprint = gpg.makeKey(algorithm)
    const key = gpg.exportKey(fingerprint)
    const sign = (...options: readonly string[]): Buffer => gpg.run(['-u', fingerprint, ...options], PAYLOAD)
    const forms = [
      ['--armor', '--sign'],
      ['--sign'],
      ['--armor', '-z0', '--sign'],
      ['--armor', '--compress-algo', 'zlib', '--sign'],
      ['--armor', '--textmode', '--sign'],
      ['--armor', '--digest-algo', 'SHA512', '--sign'],
      ['--clearsign'],
      ['--armor', '--detach-sign'],
      ['--detach-sign'],
    ]
    for (const form of forms) {
      const fact = await factOf(key, sign(...form))
      assert.deepEqual([fact.digest, fact.keyNotAfter, fact.revocation], [DIGEST, undefined, undefined], form.join(' '))
    }
    const embedded = await check(key, sign('--armor', '--sign'), EMPTY)
    assert.equal(embedded.ok && embedded.fact.digest, DIGEST)
  })
}

for (const algorithm of ['rsa2048', 'rsa3072', 'rsa4096', 'ed25519', 'nistp256', 'nistp384', 'nistp521']) {
  test(`gpg verifies what we sign with ${algorithm}: attached, clear-signed, detached`, { skip }, async () => {
    const fingerprint = gpg.makeKey(algorithm)
    for (const form of ['ATTACHED', 'CLEAR_SIGNED', 'DETACHED'] as const) {
      const signer = await openPgpSigner({ armoredPrivateKey: gpg.exportSecretKey(fingerprint), form, now: Date.now })
      assert.ok(signer.ok)
      assert.equal(signer.value.publicKeyId, fingerprint)
      const signature = await signer.value.sign(PAYLOAD)
      assert.ok(form === 'DETACHED' ? gpg.verifies(signature, PAYLOAD) : gpg.verifies(signature), form)
      assert.equal((await check(gpg.exportKey(fingerprint), signature)).ok, true, form)
    }
  })
}

test('a signing subkey of gpg verifies, and its window is its own', { skip }, async () => {
  const fingerprint = gpg.makeKey('rsa3072')
  gpg.run(['--quick-add-key', fingerprint, 'ed25519', 'sign', '30d'])
  const [, subkey = ''] = gpg.fingerprints(fingerprint)
  const bySubkey = await factOf(gpg.exportKey(fingerprint), gpg.run(['-u', `${subkey}!`, '--sign'], PAYLOAD))
  assert.equal((bySubkey.keyNotAfter ?? 0) - (bySubkey.keyNotBefore ?? 0), 30 * 86_400_000)
  const byPrimary = await factOf(gpg.exportKey(fingerprint), gpg.run(['-u', `${fingerprint}!`, '--sign'], PAYLOAD))
  assert.equal(byPrimary.keyNotAfter, undefined)
})

test('a key that has expired since still proves what it signed, and the fact says until when it held', { skip }, async () => {
  const fingerprint = gpg.makeKey('ed25519', { life: '1d', time: '20240512T000000' })
  const signature = gpg.run(['--faked-system-time', '20240512T010000!', '-u', fingerprint, '--armor', '--sign'], PAYLOAD)
  assert.deepEqual(await factOf(gpg.exportKey(fingerprint), signature), {
    digest: DIGEST,
    signedAt: Date.parse('2024-05-12T01:00:00Z'),
    keyNotBefore: Date.parse('2024-05-12T00:00:00Z'),
    keyNotAfter: Date.parse('2024-05-13T00:00:00Z'),
  })
})

test('an extended expiry is the newest self-signature', { skip }, async () => {
  const fingerprint = gpg.makeKey('ed25519', { life: '1d', time: '20240512T000000' })
  const signature = gpg.run(['--faked-system-time', '20240512T010000!', '-u', fingerprint, '--armor', '--sign'], PAYLOAD)
  const old = gpg.exportKey(fingerprint)
  gpg.run(['--faked-system-time', '20240512T020000!', '--quick-set-expire', fingerprint, '10d'])
  const renewed = gpg.exportKey(fingerprint)
  for (const block of [renewed, `${old}${renewed}`, `${renewed}${old}`]) {
    assert.equal((await factOf(block, signature)).keyNotAfter, Date.parse('2024-05-22T02:00:00Z'))
  }
})

for (const [reason, kind] of [
  [0, 'HARD'],
  [1, 'HARD'],
  [2, 'SOFT'],
  [3, 'SOFT'],
] as const) {
  test(`DESIGN §5: a primary key revoked with gpg's reason ${reason} is ${kind}, also beside an older copy of the key`, { skip }, async () => {
    const fingerprint = gpg.makeKey('ed25519')
    const signature = gpg.run(['-u', fingerprint, '--armor', '--sign'], PAYLOAD)
    const old = gpg.exportKey(fingerprint)
    gpg.revoke(fingerprint, reason)
    const revoked = gpg.exportKey(fingerprint)
    for (const block of [revoked, `${old}${revoked}`, `${revoked}${old}`]) assert.equal((await factOf(block, signature)).revocation?.kind, kind)
  })
}

test('a revoked subkey is revoked, its primary key is not; a revoked primary key takes its subkeys along', { skip }, async () => {
  const fingerprint = gpg.makeKey('ed25519')
  gpg.run(['--quick-add-key', fingerprint, 'ed25519', 'sign', 'never'])
  const [, subkey = ''] = gpg.fingerprints(fingerprint)
  const bySubkey = gpg.run(['-u', `${subkey}!`, '--sign'], PAYLOAD)
  const byPrimary = gpg.run(['-u', `${fingerprint}!`, '--sign'], PAYLOAD)
  gpg.revoke(fingerprint, 2, 1)
  const subkeyRevoked = gpg.exportKey(fingerprint)
  assert.equal((await factOf(subkeyRevoked, bySubkey)).revocation?.kind, 'SOFT')
  assert.equal((await factOf(subkeyRevoked, byPrimary)).revocation, undefined)
  gpg.revoke(fingerprint, 1)
  const allRevoked = gpg.exportKey(fingerprint)
  assert.equal((await factOf(allRevoked, bySubkey)).revocation?.kind, 'HARD')
})

test('DSA keys and SHA-1 signatures are refused', { skip }, async () => {
  const fingerprint = gpg.makeKey('dsa2048')
  const dsa = await check(gpg.exportKey(fingerprint), gpg.run(['-u', fingerprint, '--sign'], PAYLOAD))
  assert.equal(!dsa.ok && dsa.cause, 'UNUSABLE_KEY')
  const rsa = gpg.makeKey('rsa2048')
  const sha1 = await check(gpg.exportKey(rsa), gpg.run(['-u', rsa, '--digest-algo', 'SHA1', '--sign'], PAYLOAD))
  assert.equal(!sha1.ok && sha1.cause, 'BAD_SIGNATURE')
})

test('a message that unfolds beyond the bound is refused', { skip }, async () => {
  const fingerprint = gpg.makeKey('ed25519')
  const bomb = gpg.run(['-u', fingerprint, '--compress-algo', 'zlib', '--sign'], Buffer.alloc(8_000_000))
  const verdict = await check(gpg.exportKey(fingerprint), bomb, EMPTY)
  assert.deepEqual(verdict, {
    ok: false,
    cause: 'MALFORMED_SIGNATURE',
    detail: 'The OpenPGP message cannot be read: it unfolds to more than 131072 bytes',
  })
})

test('an encrypted message is not a signed one', { skip }, async () => {
  const fingerprint = gpg.makeKey('ed25519')
  const verdict = await check(gpg.exportKey(fingerprint), gpg.run(['--passphrase', 'x', '--symmetric'], PAYLOAD))
  assert.equal(!verdict.ok && verdict.cause, 'MALFORMED_SIGNATURE')
})

test('a brainpool key does not open as a signer, and the reason says who can sign', { skip }, async () => {
  const fingerprint = gpg.makeKey('brainpoolP256r1')
  const signer = await openPgpSigner({ armoredPrivateKey: gpg.exportSecretKey(fingerprint), now: Date.now })
  assert.match((!signer.ok && signer.issues[0]?.message) || '', /only gpg can sign/)
})

test("a signature's own expiry ends the attestation", { skip }, async () => {
  const fingerprint = gpg.makeKey('ed25519', { time: '20260101T000000' })
  const signature = gpg.run(
    ['--faked-system-time', '20260102T000000!', '--default-sig-expire', '3d', '-u', fingerprint, '--armor', '--sign'],
    PAYLOAD,
  )
  assert.equal((await factOf(gpg.exportKey(fingerprint), signature)).expiresAt, Date.parse('2026-01-05T00:00:00Z'))
})

test('a revoked user id beside a standing one revokes nothing', { skip }, async () => {
  const fingerprint = gpg.makeKey('ed25519')
  gpg.run(['--quick-add-uid', fingerprint, 'second@example.com'])
  const signature = gpg.run(['-u', fingerprint, '--armor', '--sign'], PAYLOAD)
  gpg.run(['--quick-revoke-uid', fingerprint, 'second@example.com'])
  assert.equal((await factOf(gpg.exportKey(fingerprint), signature)).revocation, undefined)
})

test('a secp256k1 key is refused with a reason', { skip }, async () => {
  const fingerprint = gpg.makeKey('secp256k1')
  const verdict = await check(gpg.exportKey(fingerprint), gpg.run(['-u', fingerprint, '--sign'], PAYLOAD))
  assert.match((!verdict.ok && verdict.detail) || '', /uses the curve secp256k1, which is not accepted/)
})

test('a master key without its secret part signs by its subkey', { skip }, async () => {
  const fingerprint = gpg.makeKey('rsa2048')
  gpg.run(['--quick-add-key', fingerprint, 'ed25519', 'sign', 'never'])
  const armoredPrivateKey = gpg.run(['--armor', '--export-secret-subkeys', fingerprint]).toString()
  const signer = await openPgpSigner({ armoredPrivateKey, now: Date.now })
  assert.ok(signer.ok)
  const signature = await signer.value.sign(PAYLOAD)
  assert.ok(gpg.verifies(signature))
  assert.equal((await factOf(gpg.exportKey(fingerprint), signature)).digest, DIGEST)
})

test('a key that another key may revoke, and one that describes itself with SHA-1, work and are told as weak', { skip }, async () => {
  const revoker = gpg.makeKey('ed25519')
  const fingerprint = gpg.makeKey('ed25519')
  gpg.run(['--command-fd', '0', '--edit-key', fingerprint], `addrevoker\n${revoker}\ny\nsave\n`)
  gpg.run(['--cert-digest-algo', 'SHA1', '--quick-gen-key', 'sha1@example.com', 'rsa2048', 'sign', 'never'])
  const [old = ''] = gpg.fingerprints('sha1@example.com')
  for (const [key, weakness] of [
    [fingerprint, /lets another key revoke it/],
    [old, /SHA-1/],
  ] as const) {
    const list = await listPgpKeys(gpg.exportKey(key))
    assert.match((list.ok && list.certificates[0]?.weaknesses.join()) || '', weakness)
    assert.equal((await factOf(gpg.exportKey(key), gpg.run(['-u', key, '--sign'], PAYLOAD))).digest, DIGEST)
  }
})

test('class C6: a brainpool key that two attestors hold is found, though it has no JWK', { skip }, async () => {
  const fingerprint = gpg.makeKey('brainpoolP256r1')
  const publicKeys: readonly AttestorPublicKey[] = [{ type: 'PGP', id: fingerprint, asciiArmored: gpg.exportKey(fingerprint) }]
  const attestors = ['a', 'b'].map((uid) => ({
    name: `projects/p1/attestors/${uid}` as AttestorName,
    uid,
    note: 'projects/p1/notes/n' as NoteName,
    noteUid: 'n',
    publicKeys,
  }))
  assert.deepEqual(
    (await findSharedKeys(attestors)).map((shared) => shared.fingerprint),
    [fingerprint],
  )
})
