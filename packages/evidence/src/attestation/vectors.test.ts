import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { SignatureAlgorithm } from '@countersign/core/attestation/algorithm.ts'
import type { AttestorPublicKey } from '@countersign/core/attestation/attestor.ts'
import { makeAttestation } from '../testing/attestations.ts'
import { checkAttestation } from './check-attestation.ts'
import { loadKeys } from './loaded-keys.ts'

const VECTORS = new URL('../../../../vectors/attestation/', import.meta.url)

interface ApiKey {
  readonly id: string
  readonly asciiArmoredPgpPublicKey?: string
  readonly pkixPublicKey?: { readonly publicKeyPem: string; readonly signatureAlgorithm: SignatureAlgorithm }
}

interface ApiAttestation {
  readonly resourceUri: string
  readonly attestation: {
    readonly serializedPayload: string
    readonly signatures: readonly { readonly publicKeyId: string; readonly signature: string }[]
    readonly jwts?: readonly { readonly compactJwt: string }[]
  }
}

function toKey(key: ApiKey): AttestorPublicKey {
  if (key.pkixPublicKey !== undefined) return { type: 'PKIX', id: key.id, ...key.pkixPublicKey }
  return { type: 'PGP', id: key.id, asciiArmored: key.asciiArmoredPgpPublicKey ?? '' }
}

for (const { name } of readdirSync(VECTORS, { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
  test(`vector attestation/${name}`, async () => {
    const read = (file: string): unknown => JSON.parse(readFileSync(new URL(`${name}/${file}`, VECTORS), 'utf8'))
    const { resourceUri, attestation } = read('attestation.json') as ApiAttestation
    const unverified = makeAttestation(
      { publicKeyId: '', signature: new Uint8Array() },
      {
        resourceUri,
        serializedPayload: Buffer.from(attestation.serializedPayload, 'base64'),
        signatures: attestation.signatures.map(({ publicKeyId, signature }) => ({ publicKeyId, signature: Buffer.from(signature, 'base64') })),
        jwts: (attestation.jwts ?? []).map((jwt) => jwt.compactJwt),
      },
    )
    const [result] = await checkAttestation(unverified, await loadKeys((read('keys.json') as ApiKey[]).map(toKey)))
    const found = result?.outcome === 'VERIFIED' ? { outcome: result.outcome, fact: result.fact } : { outcome: result?.outcome, cause: result?.cause }
    assert.deepEqual(found, read('expected.json'))
    assert.equal(found.outcome, name.endsWith('_fail') ? 'REJECTED' : 'VERIFIED')
  })
}
