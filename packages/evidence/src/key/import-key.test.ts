import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { MADE_AT, makePgpPair, SIGNED_AT } from '../testing/pgp-keys.ts'
import { makePkixPair } from '../testing/pkix-keys.ts'
import type { PublicKeyInput } from './import-key.ts'
import { importPublicKey } from './import-key.ts'

const NOW = { now: SIGNED_AT }
const P256 = makePkixPair('ECDSA_P256_SHA256').key

async function issuesOf(input: PublicKeyInput): Promise<readonly string[]> {
  const imported = await importPublicKey(input, NOW)
  return imported.ok ? [] : imported.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
}

function spki(type: 'rsa' | 'ec', options: { modulusLength?: number; namedCurve?: string; publicExponent?: number }): string {
  const encodings = { publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } } as const
  return type === 'rsa'
    ? generateKeyPairSync('rsa', { modulusLength: 2048, ...options, ...encodings }).publicKey
    : generateKeyPairSync('ec', { namedCurve: 'prime256v1', ...options, ...encodings }).publicKey
}

test('importPublicKey() stores a PKIX key under its digest and its canonical algorithm', async () => {
  const imported = await importPublicKey(
    { type: 'PKIX', publicKeyPem: P256.publicKeyPem, signatureAlgorithm: 'ec-sign-p256-sha256', comment: 'x' },
    NOW,
  )
  assert.deepEqual(imported, { ok: true, value: { key: { ...P256, comment: 'x' }, fingerprints: [P256.id], certificates: [] } })
})

test('§2.3: importPublicKey() keeps an explicit id, and wants id and keyId to agree', async () => {
  const input = { type: 'PKIX', publicKeyPem: P256.publicKeyPem, signatureAlgorithm: P256.signatureAlgorithm } as const
  const imported = await importPublicKey({ ...input, id: 'ni:///sha-256;of-another-key', keyId: '' }, NOW)
  assert.equal(imported.ok && imported.value.key.id, 'ni:///sha-256;of-another-key')
  assert.deepEqual(await issuesOf({ ...input, id: 'a', keyId: 'b' }), [
    'pkixPublicKey.keyId: keyId "b" is not the id "a", expected the same, or none',
  ])
  assert.deepEqual(await issuesOf({ ...input, id: 'a b:c' }), [
    'id: keyID "a b:c" not formatted as StringOrURI: must either not contain ":" or be valid URI',
  ])
})

test('§2.2: importPublicKey() refuses a key that is not what the algorithm needs, and says what it can be', async () => {
  assert.deepEqual(await issuesOf({ type: 'PKIX', publicKeyPem: P256.publicKeyPem, signatureAlgorithm: 'ECDSA_P384_SHA384' }), [
    'pkixPublicKey.signatureAlgorithm: The public key is EC prime256v1, but ECDSA_P384_SHA384 needs EC secp384r1; this key can have ECDSA_P256_SHA256',
  ])
  const [small] = await issuesOf({ type: 'PKIX', publicKeyPem: spki('rsa', { modulusLength: 1024 }), signatureAlgorithm: 'RSA_PSS_2048_SHA256' })
  assert.match(small ?? '', /is RSA 1024, but RSA_PSS_2048_SHA256 needs RSA 2048; no algorithm/)
  const [curve] = await issuesOf({ type: 'PKIX', publicKeyPem: spki('ec', { namedCurve: 'secp256k1' }), signatureAlgorithm: 'ECDSA_P256_SHA256' })
  assert.match(curve ?? '', /is EC secp256k1/)
})

test('importPublicKey() tells every fault at once', async () => {
  const issues = await issuesOf({ type: 'PKIX', publicKeyPem: 'x', signatureAlgorithm: 'none', id: 'a b:c' })
  assert.deepEqual(
    issues.map((issue) => issue.split(':')[0]),
    ['pkixPublicKey.signatureAlgorithm', 'pkixPublicKey.publicKeyPem', 'id'],
  )
})

test('importPublicKey() refuses what is not one SPKI block, with the next step', async () => {
  const reason = async (publicKeyPem: string): Promise<string> =>
    (await issuesOf({ type: 'PKIX', publicKeyPem, signatureAlgorithm: 'ECDSA_P256_SHA256' }))[0] ?? ''
  assert.match(await reason(makePkixPair('ECDSA_P256_SHA256').privateKeyPem), /private key.*openssl pkey -in KEY.pem -pubout/)
  assert.match(await reason(`${P256.publicKeyPem}${P256.publicKeyPem}`), /found 2 PEM blocks/)
  assert.match(await reason(`x${P256.publicKeyPem}`), /malformed/)
  assert.match(await reason(P256.publicKeyPem.replaceAll('PUBLIC KEY', 'CERTIFICATE')), /openssl x509/)
  assert.match(await reason(P256.publicKeyPem.replaceAll('PUBLIC KEY', 'RSA PUBLIC KEY')), /openssl rsa/)
  const der = Buffer.concat([Buffer.from(P256.publicKeyPem.split('\n').slice(1, -2).join(''), 'base64'), Buffer.of(0)])
  assert.match(await reason(`-----BEGIN PUBLIC KEY-----\n${der.toString('base64')}\n-----END PUBLIC KEY-----\n`), /not one DER value/)
  assert.equal(await reason(P256.publicKeyPem.replaceAll('\n', '\r\n')), '')
})

test('importPublicKey() refuses an RSA exponent that protects nothing', async () => {
  const jwk = { kty: 'RSA', n: Buffer.alloc(256, 0xff).toString('base64url'), e: 'AQ' }
  const { createPublicKey } = await import('node:crypto')
  const publicKeyPem = createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' }).toString()
  const [issue] = await issuesOf({ type: 'PKIX', publicKeyPem, signatureAlgorithm: 'RSA_SIGN_PKCS1_2048_SHA256' })
  assert.match(issue ?? '', /exponent/)
})

test('§2.3: a PGP id is the fingerprint of the primary key', async () => {
  const { key } = await makePgpPair()
  assert.match(key.id, /^[0-9A-F]{40}$/)
  const imported = await importPublicKey({ type: 'PGP', asciiArmored: key.asciiArmored }, NOW)
  assert.deepEqual(imported.ok && [imported.value.key, imported.value.fingerprints, imported.notes], [key, [key.id], []])
})

test('§2.4: a block without BEGIN and END lines is accepted, and CRLF', async () => {
  const { key } = await makePgpPair()
  for (const asciiArmored of [
    key.asciiArmored
      .split('\n')
      .filter((line) => !line.startsWith('-----'))
      .join('\n'),
    key.asciiArmored.replaceAll('\n', '\r\n'),
  ]) {
    const imported = await importPublicKey({ type: 'PGP', asciiArmored }, NOW)
    assert.equal(imported.ok && imported.value.key.id, key.id)
  }
})

test('§2.4: a block of several primary keys has the id of the first, and says so', async () => {
  const [first, second] = [(await makePgpPair()).key, (await makePgpPair()).key]
  const imported = await importPublicKey({ type: 'PGP', asciiArmored: `${first.asciiArmored}${second.asciiArmored}` }, NOW)
  assert.ok(imported.ok)
  assert.equal(imported.value.key.id, first.id)
  assert.deepEqual(imported.value.fingerprints, [first.id, second.id])
  assert.match(imported.notes?.[0]?.message ?? '', /2 primary keys/)
})

test('importPublicKey() refuses a private PGP key and what is no key', async () => {
  const pair = await makePgpPair()
  const reason = async (asciiArmored: string): Promise<string> => (await issuesOf({ type: 'PGP', asciiArmored }))[0] ?? ''
  assert.match(await reason(pair.armoredPrivateKey), /private key.*gpg --armor --export KEY/)
  assert.match(await reason(pair.armoredPrivateKey.replaceAll('PRIVATE', 'PUBLIC')), /private key/)
  assert.match(await reason(''), /no armored block/)
  assert.match(await reason('x'.repeat(300_000)), /at most 262144/)
  assert.match(await reason(Buffer.from(await pair.sign(new Uint8Array(1))).toString()), /PGP MESSAGE, expected a PGP PUBLIC KEY BLOCK/)
})

test('importPublicKey() notes an expired key', async () => {
  const { key } = await makePgpPair({ lifeSeconds: 3600 })
  const imported = await importPublicKey({ type: 'PGP', asciiArmored: key.asciiArmored }, NOW)
  const expired = new Date(MADE_AT + 3_600_000).toISOString()
  assert.deepEqual(imported.ok && imported.notes?.map((note) => note.message), [`Key ${key.id} expired at ${expired}`])
})
