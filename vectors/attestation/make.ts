/** Makes the vectors of this folder anew, with fresh keys that are thrown away: node vectors/attestation/make.ts */
import { constants, createPrivateKey, sign } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import type { AttestorPublicKey } from '@countersign/core/attestation/attestor.ts'
import { checkAttestation } from '@countersign/evidence/attestation/check-attestation.ts'
import { loadKeys } from '@countersign/evidence/attestation/loaded-keys.ts'
import type { DeclaredAlgorithm } from '@countersign/evidence/key/algorithm.ts'
import { SCHEMES } from '@countersign/evidence/key/algorithm.ts'
import { formatSignaturePayload } from '@countersign/evidence/payload/signature-payload.ts'
import { loadOpenPgp } from '@countersign/evidence/pgp/library.ts'
import { DIGEST, makeAttestation, OTHER_DIGEST, PAYLOAD, REPOSITORY } from '@countersign/evidence/testing/attestations.ts'
import { makePgpPair } from '@countersign/evidence/testing/pgp-keys.ts'
import { makePkixPair } from '@countersign/evidence/testing/pkix-keys.ts'

interface Vector {
  readonly says: string
  readonly keys: readonly AttestorPublicKey[]
  readonly signature?: Uint8Array
  readonly publicKeyId?: string
  readonly payload?: Uint8Array
  readonly jwts?: readonly string[]
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

async function put(name: string, vector: Vector): Promise<void> {
  const folder = new URL(`./${name}/`, import.meta.url)
  const publicKeyId = vector.publicKeyId ?? vector.keys[0]?.id ?? ''
  const signatures = vector.signature === undefined ? [] : [{ publicKeyId, signature: vector.signature }]
  const serializedPayload = vector.payload ?? PAYLOAD
  const attestation = makeAttestation({ publicKeyId, signature: new Uint8Array() }, { serializedPayload, signatures, jwts: vector.jwts ?? [] })
  const [result] = await checkAttestation(attestation, await loadKeys(vector.keys))
  if (result === undefined || (result.outcome === 'VERIFIED') === name.endsWith('_fail')) throw new Error(`${name}: ${JSON.stringify(result)}`)
  const expected = result.outcome === 'VERIFIED' ? { outcome: result.outcome, fact: result.fact } : { outcome: result.outcome, cause: result.cause }
  mkdirSync(folder, { recursive: true })
  writeFileSync(new URL('README.md', folder), `${vector.says}\n`)
  writeJson(new URL('keys.json', folder), vector.keys.map(toApi))
  writeJson(new URL('expected.json', folder), expected)
  writeJson(new URL('attestation.json', folder), {
    resourceUri: attestation.resourceUri,
    attestation: {
      serializedPayload: Buffer.from(serializedPayload).toString('base64'),
      signatures: signatures.map(({ signature }) => ({ publicKeyId, signature: Buffer.from(signature).toString('base64') })),
      ...(vector.jwts !== undefined && { jwts: vector.jwts.map((compactJwt) => ({ compactJwt })) }),
    },
  })
}

function toApi(key: AttestorPublicKey): object {
  if (key.type === 'PGP') return { id: key.id, asciiArmoredPgpPublicKey: key.asciiArmored }
  return { id: key.id, pkixPublicKey: { publicKeyPem: key.publicKeyPem, signatureAlgorithm: key.signatureAlgorithm } }
}

function writeJson(file: URL, value: unknown): void {
  writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`)
}

async function makePkixVectors(): Promise<void> {
  for (const algorithm of Object.keys(SCHEMES) as DeclaredAlgorithm[]) {
    const { key, signer } = makePkixPair(algorithm)
    const name = `pkix-${algorithm.toLowerCase().replaceAll('_', '-')}`
    await put(name, { says: `A signature by ${algorithm} over the payload.`, keys: [key], signature: await signer.sign(PAYLOAD) })
  }
  const { key, signer } = makePkixPair('ECDSA_P256_SHA256')
  const stranger = makePkixPair('ECDSA_P256_SHA256', 'second')
  const keys = [key]
  const signature = await signer.sign(PAYLOAD)
  const ofOther = formatSignaturePayload({ repository: REPOSITORY, digest: OTHER_DIGEST })
  const twice = bytes(`{"critical":{"image":{"docker-manifest-digest":"${OTHER_DIGEST}","docker-manifest-digest":"${DIGEST}"}}}`)
  const expiry = formatSignaturePayload({ repository: REPOSITORY, digest: DIGEST, optional: { expiry: '2030-01-31T12:00:00Z' } })
  await put('payload-with-expiry', {
    says: "A signed expiry travels in the fact; judging it is the policy's work.",
    keys,
    payload: expiry,
    signature: await signer.sign(expiry),
  })
  await put('unknown-key_fail', { says: 'The signature names a key that the attestor does not have.', keys, signature, publicKeyId: stranger.key.id })
  await put('signature-by-stranger_fail', {
    says: "Another key's signature, under the id of the attestor's key.",
    keys,
    signature: await stranger.signer.sign(PAYLOAD),
  })
  await put('payload-swapped_fail', { says: 'A valid signature beside the payload of another image.', keys, signature, payload: ofOther })
  await put('other-digest_fail', {
    says: 'A valid signature over the payload of another image.',
    keys,
    payload: ofOther,
    signature: await signer.sign(ofOther),
  })
  await put('payload-not-json_fail', {
    says: 'A valid signature over bytes that are not JSON.',
    keys,
    payload: bytes('hello'),
    signature: await signer.sign(bytes('hello')),
  })
  await put('payload-key-twice_fail', {
    says: 'A valid signature over a payload that two readers read as two images.',
    keys,
    payload: twice,
    signature: await signer.sign(twice),
  })
  await put('encoded-twice_fail', { says: 'A signature in base64 within base64.', keys, signature: bytes(Buffer.from(signature).toString('base64')) })
  await put('no-signature_fail', { says: 'An attestation without any signature.', keys })
  await put('jwt-only_fail', { says: 'An attestation that carries only a JWT.', keys, jwts: ['e30.e30.AA'] })
  await put('curve-mismatch_fail', {
    says: 'A P-256 key that declares ECDSA_P384_SHA384.',
    keys: [{ ...key, signatureAlgorithm: 'ECDSA_P384_SHA384' }],
    signature,
  })
  const p1363 = sign('sha256', PAYLOAD, { key: createPrivateKey(makePkixPair('ECDSA_P256_SHA256').privateKeyPem), dsaEncoding: 'ieee-p1363' })
  await put('ecdsa-p1363_fail', { says: 'An ECDSA signature as two bare numbers instead of DER.', keys, signature: p1363 })
}

async function makePssVectors(): Promise<void> {
  const { key, privateKeyPem } = makePkixPair('RSA_PSS_2048_SHA256')
  const signWithSalt = (saltLength: number): Uint8Array =>
    sign('sha256', PAYLOAD, { key: createPrivateKey(privateKeyPem), padding: constants.RSA_PKCS1_PSS_PADDING, saltLength })
  await put('pss-maximum-salt', { says: 'A PSS signature with the longest salt, as kritis writes it.', keys: [key], signature: signWithSalt(222) })
  await put('pss-other-salt_fail', {
    says: "A PSS signature whose salt is neither the digest's length nor the longest.",
    keys: [key],
    signature: signWithSalt(20),
  })
}

async function makePgpVectors(): Promise<void> {
  const pair = await makePgpPair()
  const [keys, bySubkey, stranger] = [[pair.key], await makePgpPair({ signingSubkey: true }), await makePgpPair()]
  const attached = await pair.sign(PAYLOAD)
  const clear = await pair.sign(PAYLOAD, 'CLEAR_SIGNED')
  const library = await loadOpenPgp()
  const unsigned = (await library.createMessage({ binary: PAYLOAD })).armor()
  const ofOther = formatSignaturePayload({ repository: REPOSITORY, digest: OTHER_DIGEST })
  await put('pgp-attached', { says: 'A PGP message around the payload, and the same payload beside it.', keys, signature: attached })
  await put('pgp-embedded-only', {
    says: 'A PGP message around the payload, and none beside it, as kritis writes it.',
    keys,
    signature: attached,
    payload: new Uint8Array(),
  })
  await put('pgp-clear-signed', { says: 'A clear-signed payload.', keys, signature: clear })
  await put('pgp-detached', { says: 'A detached PGP signature over the payload.', keys, signature: await pair.sign(PAYLOAD, 'DETACHED') })
  await put('pgp-subkey', { says: 'A PGP signature by a signing subkey.', keys: [bySubkey.key], signature: await bySubkey.sign(PAYLOAD) })
  await put('pgp-second-key-of-block', {
    says: 'A signature by the second primary key of a block, under the id of the first.',
    keys: [{ ...stranger.key, asciiArmored: `${stranger.key.asciiArmored}${pair.key.asciiArmored}` }],
    signature: attached,
  })
  await put('pgp-stranger_fail', {
    says: "A PGP message by another key, under the id of the attestor's key.",
    keys,
    signature: await stranger.sign(PAYLOAD),
  })
  await put('pgp-unsigned_fail', { says: 'A PGP message that nobody signed.', keys, signature: bytes(unsigned) })
  await put('pgp-embedded-differs_fail', {
    says: "Another image's PGP message beside this image's payload.",
    keys,
    signature: await pair.sign(ofOther),
  })
  await put('pgp-embedded-other-digest_fail', {
    says: "Another image's PGP message, without a payload beside it.",
    keys,
    signature: await pair.sign(ofOther),
    payload: new Uint8Array(),
  })
  await put('pgp-clear-signed-text-behind_fail', {
    says: 'A clear-signed payload with text behind its signature.',
    keys,
    signature: Buffer.concat([clear, bytes('{}\n')]),
  })
  await put('pgp-two-messages_fail', { says: 'Two PGP messages in one signature.', keys, signature: Buffer.concat([attached, attached]) })
}

await makePkixVectors()
await makePssVectors()
await makePgpVectors()
