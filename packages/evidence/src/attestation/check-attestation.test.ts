import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import type { CheckedAttestation } from '@countersign/core/attestation/attestation.ts'
import fc from 'fast-check'
import { formatSignaturePayload } from '../payload/signature-payload.ts'
import { DIGEST, makeAttestation, OTHER_DIGEST, PAYLOAD, REPOSITORY } from '../testing/attestations.ts'
import type { PgpPair } from '../testing/pgp-keys.ts'
import { makePgpPair } from '../testing/pgp-keys.ts'
import { makePkixPair } from '../testing/pkix-keys.ts'
import type { SignatureVerdict } from '../verdict.ts'
import { checkAttestation, MAX_SIGNATURES } from './check-attestation.ts'
import { checkSignature, MAX_SIGNATURE_BYTES } from './check-signature.ts'
import { factKey } from './fact-key.ts'
import type { LoadedKeys } from './loaded-keys.ts'
import { loadKeys } from './loaded-keys.ts'

const EC = makePkixPair('ECDSA_P256_SHA256')
const RSA = makePkixPair('RSA_PSS_2048_SHA256')
const OTHER_PAYLOAD = formatSignaturePayload({ repository: REPOSITORY, digest: OTHER_DIGEST })
let pgp: PgpPair
let keys: LoadedKeys
let signatures: { readonly ec: Uint8Array; readonly rsa: Uint8Array; readonly pgp: Uint8Array }

before(async () => {
  pgp = await makePgpPair()
  keys = await loadKeys([EC.key, RSA.key, pgp.key])
  signatures = { ec: await EC.signer.sign(PAYLOAD), rsa: await RSA.signer.sign(PAYLOAD), pgp: await pgp.sign(PAYLOAD) }
})

const summary = (results: readonly CheckedAttestation[]): readonly string[] =>
  results.map((result) => (result.outcome === 'VERIFIED' ? 'VERIFIED' : result.cause))

test('checkAttestation() verifies at once, without a promise', () => {
  const result = checkAttestation(makeAttestation({ publicKeyId: EC.key.id, signature: signatures.ec }), keys)
  assert.deepEqual(result, [
    {
      outcome: 'VERIFIED',
      occurrence: 'projects/p1/occurrences/o1',
      publicKeyId: EC.key.id,
      receivedAt: 1_800_000_000_000,
      fact: { digest: DIGEST },
    },
  ])
})

test('checkAttestation() gives one result for each signature, in order', async () => {
  const attestation = makeAttestation(
    { publicKeyId: '', signature: new Uint8Array() },
    {
      signatures: [
        { publicKeyId: 'nobody', signature: signatures.ec },
        { publicKeyId: pgp.key.id, signature: signatures.pgp },
        { publicKeyId: RSA.key.id, signature: signatures.ec },
        { publicKeyId: EC.key.id, signature: new Uint8Array() },
      ],
    },
  )
  assert.deepEqual(summary(checkAttestation(attestation, keys)), ['UNKNOWN_KEY', 'VERIFIED', 'BAD_SIGNATURE', 'NO_SIGNATURE'])
})

test('§2.3: a key is found by its exact id only', async () => {
  for (const publicKeyId of [pgp.key.id.toLowerCase(), `openpgp4fpr:${pgp.key.id}`, pgp.key.id.slice(-16), ` ${pgp.key.id}`]) {
    const [result] = checkAttestation(makeAttestation({ publicKeyId, signature: signatures.pgp }), keys)
    assert.equal(result?.outcome === 'REJECTED' && result.cause, 'UNKNOWN_KEY', publicKeyId)
  }
})

test('class C1: swapping payload, digest, key or signature with a valid one of another image always fails', async () => {
  const otherSignature = await EC.signer.sign(OTHER_PAYLOAD)
  const rows = [
    [EC.key.id, PAYLOAD, otherSignature, DIGEST, 'BAD_SIGNATURE'],
    [EC.key.id, OTHER_PAYLOAD, signatures.ec, DIGEST, 'BAD_SIGNATURE'],
    [EC.key.id, OTHER_PAYLOAD, otherSignature, DIGEST, 'OTHER_DIGEST'],
    [EC.key.id, PAYLOAD, signatures.ec, OTHER_DIGEST, 'OTHER_DIGEST'],
    [RSA.key.id, PAYLOAD, signatures.ec, DIGEST, 'BAD_SIGNATURE'],
    [pgp.key.id, PAYLOAD, signatures.ec, DIGEST, 'MALFORMED_SIGNATURE'],
    [EC.key.id, PAYLOAD, signatures.pgp, DIGEST, 'BAD_SIGNATURE'],
    [pgp.key.id, OTHER_PAYLOAD, signatures.pgp, OTHER_DIGEST, 'PAYLOAD_DIFFERS'],
    [pgp.key.id, OTHER_PAYLOAD, await pgp.sign(PAYLOAD, 'DETACHED'), OTHER_DIGEST, 'BAD_SIGNATURE'],
    [pgp.key.id, new Uint8Array(), signatures.pgp, OTHER_DIGEST, 'OTHER_DIGEST'],
    [EC.key.id, PAYLOAD, signatures.ec, DIGEST, 'VERIFIED'],
  ] as const
  for (const [publicKeyId, serializedPayload, signature, digest, expected] of rows) {
    const attestation = makeAttestation({ publicKeyId, signature }, { serializedPayload, resourceUri: `https://${REPOSITORY}@${digest}` })
    assert.deepEqual(summary(checkAttestation(attestation, keys)), [expected])
  }
})

test('checkAttestation() judges the digest that is asked, and none without one', async () => {
  const attestation = makeAttestation({ publicKeyId: EC.key.id, signature: signatures.ec }, { resourceUri: `${REPOSITORY}:latest` })
  assert.deepEqual(summary(checkAttestation(attestation, keys)), ['OTHER_DIGEST'])
  assert.deepEqual(summary(checkAttestation(attestation, keys, { digest: DIGEST })), ['VERIFIED'])
  assert.deepEqual(summary(checkAttestation(attestation, keys, { digest: OTHER_DIGEST })), ['OTHER_DIGEST'])
})

test('the same attestation covers the digest under any registry and path (§3.2)', async () => {
  const attestation = makeAttestation({ publicKeyId: EC.key.id, signature: signatures.ec }, { resourceUri: `mirror.example.com/x@${DIGEST}` })
  assert.deepEqual(summary(checkAttestation(attestation, keys)), ['VERIFIED'])
})

test('of several keys under one id any may verify', async () => {
  const both = await loadKeys([
    { ...RSA.key, id: 'one' },
    { ...EC.key, id: 'one' },
  ])
  assert.deepEqual(summary(checkAttestation(makeAttestation({ publicKeyId: 'one', signature: signatures.ec }), both)), ['VERIFIED'])
})

test('bounds: too many signatures, too long a signature or payload are refused unread', async () => {
  const one = { publicKeyId: EC.key.id, signature: signatures.ec }
  const many = makeAttestation(one, { signatures: Array.from({ length: MAX_SIGNATURES + 1 }, () => one) })
  assert.deepEqual(summary(checkAttestation(many, keys)), ['TOO_LARGE'])
  const long = makeAttestation({ ...one, signature: new Uint8Array(MAX_SIGNATURE_BYTES + 1) })
  assert.deepEqual(summary(checkAttestation(long, keys)), ['TOO_LARGE'])
  assert.deepEqual(summary(checkAttestation(makeAttestation(one, { serializedPayload: new Uint8Array(70_000) }), keys)), ['TOO_LARGE'])
})

test('details quote hostile text escaped', async () => {
  const [result] = checkAttestation(makeAttestation({ publicKeyId: '\u001b[31m\u202e"', signature: signatures.ec }), keys)
  assert.equal(result?.outcome === 'REJECTED' && result.detail, 'No public key with ID "\\u001b[31m\\u202e\\"" found')
})

test('a remembered verdict is used for the same inputs only, and the asked digest is judged anew', async () => {
  const store = new Map<string, SignatureVerdict>()
  let reads = 0
  const cache = {
    get(key: string): SignatureVerdict | undefined {
      const found = store.get(key)
      if (found !== undefined) reads++
      return found
    },
    set(key: string, verdict: SignatureVerdict): void {
      store.set(key, verdict)
    },
  }
  const attestation = makeAttestation({ publicKeyId: pgp.key.id, signature: signatures.pgp })
  assert.deepEqual(summary(checkAttestation(attestation, keys, { cache })), ['VERIFIED'])
  assert.deepEqual(summary(checkAttestation(attestation, keys, { cache })), ['VERIFIED'])
  assert.deepEqual(summary(checkAttestation(attestation, keys, { cache, digest: OTHER_DIGEST })), ['OTHER_DIGEST'])
  assert.deepEqual([store.size, reads], [1, 2])
  const other = makeAttestation({ publicKeyId: pgp.key.id, signature: signatures.pgp }, { serializedPayload: OTHER_PAYLOAD })
  assert.deepEqual(summary(checkAttestation(other, keys, { cache })), ['PAYLOAD_DIFFERS'])
  assert.equal(store.size, 2)
})

test('factKey() changes with each of its inputs, and when a byte moves from one to the next', () => {
  const [key] = keys.get(EC.key.id) ?? []
  const [other] = keys.get(RSA.key.id) ?? []
  assert.ok(key?.kind === 'PKIX' && other?.kind === 'PKIX')
  const name = factKey(Buffer.from('ab'), Buffer.from('cd'), key)
  assert.notEqual(factKey(Buffer.from('abc'), Buffer.from('d'), key), name)
  assert.notEqual(factKey(Buffer.from('ab'), Buffer.from('cd'), other), name)
  assert.equal(factKey(Buffer.from('ab'), Buffer.from('cd'), key), name)
})

test('checkSignature() never accepts a flipped byte of payload or signature for another digest, and never throws', async () => {
  const all = [...keys.values()].flat()
  const flipped = fc.record({
    which: fc.constantFrom('ec', 'rsa', 'pgp' as const),
    part: fc.constantFrom('payload', 'signature' as const),
    at: fc.nat(),
    bit: fc.nat({ max: 7 }),
  })
  await fc.assert(
    fc.asyncProperty(flipped, async ({ which, part, at, bit }) => {
      const key = all[['ec', 'rsa', 'pgp'].indexOf(which)]
      assert.ok(key !== undefined)
      const input = { payload: Buffer.from(PAYLOAD), signature: Buffer.from(signatures[which]) }
      const index = at % input[part].length
      input[part][index] = (input[part][index] ?? 0) ^ (1 << bit)
      const verdict = checkSignature(input.payload, input.signature, key)
      // PGP armor has bytes that say nothing (its checksum, what is not signed); whatever is accepted must be the untouched fact.
      const harmless = which === 'pgp' && part === 'signature' && verdict.ok && verdict.fact.digest === DIGEST
      assert.ok(!verdict.ok || harmless)
    }),
    { numRuns: 400 },
  )
})

test('checkSignature() answers arbitrary bytes with a verdict', async () => {
  const all = [...keys.values()].flat()
  const packets = fc.uint8Array({ maxLength: 80 }).map((data) => Uint8Array.of(0xc0 | ((data[0] ?? 0) & 0x3f), ...data.subarray(1)))
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 200 }), packets), fc.uint8Array({ maxLength: 50 }), async (signature, payload) => {
      for (const key of all) assert.equal(checkSignature(payload, signature, key).ok, false)
    }),
    { numRuns: 300 },
  )
})
