import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PublicKey } from 'openpgp'
import { checkSignature } from '../attestation/check-signature.ts'
import { DIGEST, PAYLOAD } from '../testing/attestations.ts'
import { MADE_AT, makePgpPair, type PgpPair, SIGNED_AT, toPair } from '../testing/pgp-keys.ts'
import type { SignatureVerdict } from '../verdict.ts'
import { loadOpenPgp } from './library.ts'
import { listPgpKeys, loadPgpKey } from './pgp-key.ts'

const REVOKED_AT = Date.parse('2026-03-01T00:00:00Z')

async function check(asciiArmored: string, signature: Uint8Array): Promise<SignatureVerdict> {
  return checkSignature(PAYLOAD, signature, await loadPgpKey({ type: 'PGP', id: 'key', asciiArmored }))
}

async function revoke(armoredPrivateKey: string, flag: number): Promise<string> {
  const library = await loadOpenPgp()
  const key = await library.readPrivateKey({ armoredKey: armoredPrivateKey })
  const revoked = await library.revokeKey({ key, reasonForRevocation: { flag }, date: new Date(REVOKED_AT), format: 'object' })
  return revoked.publicKey.armor()
}

/** The public key with each of its user ids revoked. */
async function revokeUsers({ armoredPrivateKey }: PgpPair): Promise<PublicKey> {
  const library = await loadOpenPgp()
  const key = await library.readPrivateKey({ armoredKey: armoredPrivateKey })
  const { keyPacket } = key
  assert.ok(keyPacket instanceof library.SecretKeyPacket)
  const reason = { flag: library.enums.reasonForRevocation.userIDInvalid }
  for (const user of key.users) user.revocationSignatures = (await user.revoke(keyPacket, reason, new Date(REVOKED_AT))).revocationSignatures
  return key.toPublic()
}

test('a fact carries the window of its key', async () => {
  const pair = await makePgpPair({ lifeSeconds: 86_400 })
  assert.deepEqual(
    await check(pair.key.asciiArmored, await (await makePgpPair()).sign(PAYLOAD)).then((verdict) => !verdict.ok && verdict.cause),
    'UNKNOWN_KEY',
  )
  const lasting = await makePgpPair({ lifeSeconds: 365 * 86_400 })
  assert.deepEqual(await check(lasting.key.asciiArmored, await lasting.sign(PAYLOAD)), {
    ok: true,
    fact: { digest: DIGEST, signedAt: SIGNED_AT, keyNotBefore: MADE_AT, keyNotAfter: MADE_AT + 365 * 86_400_000 },
  })
})

test('DESIGN §5: superseded and retired are soft, every other reason is hard; a revocation is a fact, not a failure', async () => {
  const pair = await makePgpPair()
  const signature = await pair.sign(PAYLOAD)
  const kinds = []
  for (const flag of [0, 1, 2, 3, 32]) {
    const verdict = await check(await revoke(pair.armoredPrivateKey, flag), signature)
    kinds.push(verdict.ok && verdict.fact.revocation)
  }
  assert.deepEqual(
    kinds,
    ['HARD', 'SOFT', 'HARD', 'SOFT', 'SOFT'].map((kind) => ({ kind, at: REVOKED_AT })),
  )
})

test('a revocation holds whatever else it says: a critical notation that nobody knows does not undo it', async () => {
  const library = await loadOpenPgp()
  const pair = await makePgpPair()
  const key = await library.readPrivateKey({ armoredKey: pair.armoredPrivateKey })
  const { keyPacket } = key
  assert.ok(keyPacket instanceof library.SecretKeyPacket)
  const revocation = new library.SignaturePacket()
  Object.assign(revocation, {
    signatureType: library.enums.signature.keyRevocation,
    publicKeyAlgorithm: keyPacket.algorithm,
    hashAlgorithm: library.enums.hash.sha256,
    rawNotations: [{ name: 'why@example.com', value: new TextEncoder().encode('x'), humanReadable: true, critical: true }],
  })
  // The library's types know only bytes to sign.
  await Reflect.apply(revocation.sign, revocation, [keyPacket, { key: keyPacket }, new Date(REVOKED_AT), false, library.config])
  key.revocationSignatures.push(revocation)
  const verdict = await check(key.toPublic().armor(), await pair.sign(PAYLOAD))
  assert.deepEqual(verdict.ok && verdict.fact.revocation, { kind: 'HARD', at: REVOKED_AT })
})

test('a signing subkey vouches for its primary key: an adopted one is refused', async () => {
  const library = await loadOpenPgp()
  const victim = await makePgpPair({ signingSubkey: true })
  const thief = await makePgpPair({ signingSubkey: true })
  const signature = await victim.sign(PAYLOAD)
  assert.ok((await check(victim.key.asciiArmored, signature)).ok)
  const mine = await library.readKey({ armoredKey: thief.key.asciiArmored })
  const theirs = await library.readKey({ armoredKey: victim.key.asciiArmored })
  const [subkey] = mine.subkeys
  const [stolen] = theirs.subkeys
  assert.ok(subkey !== undefined && stolen !== undefined)
  mine.subkeys = [stolen]
  const unbound = await check(mine.armor(), signature)
  assert.equal(!unbound.ok && unbound.cause, 'UNKNOWN_KEY')
  stolen.bindingSignatures = subkey.bindingSignatures
  const rebound = await check(mine.armor(), signature)
  assert.equal(!rebound.ok && rebound.cause, 'UNKNOWN_KEY')
})

test('a key whose self-signature was taken away is unusable', async () => {
  const library = await loadOpenPgp()
  const pair = await makePgpPair()
  const key = await library.readKey({ armoredKey: pair.key.asciiArmored })
  for (const user of key.users) user.selfCertifications = []
  const verdict = await check(key.armor(), await pair.sign(PAYLOAD))
  assert.deepEqual(verdict, { ok: false, cause: 'UNUSABLE_KEY', detail: 'The PGP key cannot verify anything: The key has no valid self-signature' })
})

test('revoking the last user id takes nothing back: the key still expires when it said', async () => {
  const pair = await makePgpPair({ lifeSeconds: 40 * 86_400 })
  const verdict = await check((await revokeUsers(pair)).armor(), await pair.sign(PAYLOAD))
  assert.deepEqual(verdict.ok && verdict.fact, {
    digest: DIGEST,
    signedAt: SIGNED_AT,
    keyNotBefore: MADE_AT,
    keyNotAfter: MADE_AT + 40 * 86_400_000,
    revocation: { kind: 'SOFT', at: REVOKED_AT },
  })
})

test('a key of which nothing but the revocation of a user id is left is unusable', async () => {
  const pair = await makePgpPair()
  const key = await revokeUsers(pair)
  for (const user of key.users) user.selfCertifications = []
  const verdict = await check(key.armor(), await pair.sign(PAYLOAD))
  assert.equal(!verdict.ok && verdict.cause, 'UNUSABLE_KEY')
})

test('version 6 keys and RSA below 2048 bits are refused with a reason', async () => {
  const library = await loadOpenPgp()
  const userIDs = [{ email: 'attestor@example.com' }]
  const v6 = await library.generateKey({ type: 'curve25519', userIDs, format: 'armored', config: { v6Keys: true } })
  const small = await library.generateKey({ type: 'rsa', rsaBits: 1024, userIDs, format: 'armored', config: { minRSABits: 1024 } })
  const problems = []
  for (const { publicKey } of [v6, small]) {
    const list = await listPgpKeys(publicKey)
    problems.push(list.ok && list.certificates[0]?.problems[0])
  }
  assert.match(String(problems[0]), /version 6 key, expected version 4/)
  assert.match(String(problems[1]), /has 1024 bits, expected at least 2048/)
})

test('listPgpKeys() tells what people need to know of each primary key', async () => {
  const first = await makePgpPair()
  const second = await makePgpPair({ curve: 'nistP256', signingSubkey: true })
  const list = await listPgpKeys(`${first.key.asciiArmored}${second.key.asciiArmored}`)
  assert.ok(list.ok)
  assert.deepEqual(
    list.certificates.map(({ fingerprint, userIds, algorithm, createdAt, problems }) => ({ fingerprint, userIds, algorithm, createdAt, problems })),
    [
      { fingerprint: first.key.id, userIds: ['Attestor <attestor@example.com>'], algorithm: 'EC ed25519Legacy', createdAt: MADE_AT, problems: [] },
      { fingerprint: second.key.id, userIds: ['Attestor <attestor@example.com>'], algorithm: 'EC nistP256', createdAt: MADE_AT, problems: [] },
    ],
  )
  assert.equal(list.certificates[1]?.signingKeys.length, 2)
})

test('openPgpSigner() wants one key and its passphrase', async () => {
  const library = await loadOpenPgp()
  const { openPgpSigner } = await import('../sign/pgp-signer.ts')
  const [one, two] = [await makePgpPair(), await makePgpPair()]
  const locked = await library.encryptKey({ privateKey: await library.readPrivateKey({ armoredKey: one.armoredPrivateKey }), passphrase: 'secret' })
  const open = async (armoredPrivateKey: string, passphrase?: string): Promise<string> => {
    const signer = await openPgpSigner({ armoredPrivateKey, now: () => SIGNED_AT, ...(passphrase !== undefined && { passphrase }) })
    return signer.ok ? signer.value.publicKeyId : (signer.issues[0]?.message ?? '')
  }
  assert.equal(await open(locked.armor(), 'secret'), one.key.id)
  assert.equal(await open(locked.armor()), 'missing passphrase for encrypted private key')
  assert.equal(await open(locked.armor(), 'wrong'), 'could not decrypt private key')
  assert.match(await open(two.key.asciiArmored), /Cannot read the PGP secret key: .*gpg --armor --export-secret-keys KEY/)
  const both = Buffer.concat(
    [await library.readPrivateKey({ armoredKey: one.armoredPrivateKey }), await library.readPrivateKey({ armoredKey: two.armoredPrivateKey })].map(
      (key) => key.write(),
    ),
  )
  assert.equal(await open(library.armor(library.enums.armor.privateKey, both).toString()), 'expected 1 key in keyring, got 2')
  assert.equal(toPair(one.armoredPrivateKey, one.key.asciiArmored, one.key.id).key.id, one.key.id)
})
