import { createPublicKey, type KeyObject, sign } from 'node:crypto'
import { type DeclaredAlgorithm, SCHEMES } from '@countersign/evidence/key/algorithm.ts'
import { OpenSsl } from '@countersign/evidence/testing/openssl.ts'
import { makePkixPair } from '@countersign/evidence/testing/pkix-keys.ts'

/** A key that a fake keeps. It signs digests, which only the openssl program can: node:crypto hashes by itself. */
export class KmsKey {
  readonly algorithm: DeclaredAlgorithm
  readonly publicKey: KeyObject
  enabled = true
  readonly #privateKeyPem: string
  readonly #openssl = new OpenSsl()

  constructor(algorithm: DeclaredAlgorithm) {
    const { privateKeyPem } = makePkixPair(algorithm, 'kms')
    this.algorithm = algorithm
    this.#privateKeyPem = privateKeyPem
    this.publicKey = createPublicKey(privateKeyPem)
  }

  get publicKeyPem(): string {
    return this.publicKey.export({ format: 'pem', type: 'spki' }).toString()
  }

  get publicKeyDer(): Buffer {
    return this.publicKey.export({ format: 'der', type: 'spki' })
  }

  /** The signature over a digest: ECDSA's in DER, PSS' salt as long as the digest. */
  signDigest(digest: Uint8Array, algorithm: DeclaredAlgorithm = this.algorithm): Buffer {
    const scheme = SCHEMES[algorithm]
    if (scheme.family === 'ML_DSA') return sign(null, digest, this.#privateKeyPem)
    const pss = ['-pkeyopt', 'rsa_padding_mode:pss', '-pkeyopt', 'rsa_pss_saltlen:digest']
    const padding = scheme.family === 'RSA_PSS' ? pss : []
    const key = this.#openssl.write('key.pem', this.#privateKeyPem)
    return this.#openssl.run(['pkeyutl', '-sign', '-inkey', key, ...padding, '-pkeyopt', `digest:${scheme.hash}`], digest)
  }

  close(): void {
    this.#openssl.close()
  }
}
