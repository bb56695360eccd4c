import { generateKeyPairSync } from 'node:crypto'
import type { PkixAttestorKey } from '@countersign/core/attestation/attestor.ts'
import type { DeclaredAlgorithm } from '../key/algorithm.ts'
import { SCHEMES } from '../key/algorithm.ts'
import { openPkixSigner } from '../sign/pkix-signer.ts'
import type { Signer } from '../sign/signer.ts'

/** A fresh key pair, its signer and the attestor's key. */
export interface PkixPair {
  readonly privateKeyPem: string
  readonly key: PkixAttestorKey
  readonly signer: Signer
}

const cache = new Map<string, { readonly publicKey: string; readonly privateKey: string }>()

/** A key pair for an algorithm; pairs of one kind of key are made once for a process. */
export function makePkixPair(signatureAlgorithm: DeclaredAlgorithm, which = 'first'): PkixPair {
  const scheme = SCHEMES[signatureAlgorithm]
  const kind = 'modulusBits' in scheme ? `rsa ${scheme.modulusBits}` : 'curve' in scheme ? scheme.curve : scheme.keyType
  const name = `${which} ${kind}`
  const pems = cache.get(name) ?? generate(signatureAlgorithm)
  cache.set(name, pems)
  const signer = openPkixSigner({ privateKeyPem: pems.privateKey, signatureAlgorithm })
  if (!signer.ok) throw new Error(signer.issues[0]?.message)
  const id = signer.value.publicKeyId
  return { privateKeyPem: pems.privateKey, key: { type: 'PKIX', id, publicKeyPem: pems.publicKey, signatureAlgorithm }, signer: signer.value }
}

function generate(algorithm: DeclaredAlgorithm): { publicKey: string; privateKey: string } {
  const scheme = SCHEMES[algorithm]
  const encodings = { publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } } as const
  switch (scheme.family) {
    case 'RSA_PSS':
    case 'RSA_PKCS1':
      return generateKeyPairSync('rsa', { modulusLength: scheme.modulusBits, ...encodings })
    case 'ECDSA':
      return generateKeyPairSync('ec', { namedCurve: scheme.curve, ...encodings })
    case 'ML_DSA':
      return generateKeyPairSync('ml-dsa-65', encodings)
  }
}
