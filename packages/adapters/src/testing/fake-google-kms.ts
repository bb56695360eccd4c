import { type DeclaredAlgorithm, SCHEMES } from '@countersign/evidence/key/algorithm.ts'
import { crc32c } from '../keys/crc32c.ts'
import { KmsKey } from './kms-key.ts'
import { type KmsRequest, type KmsResponse, KmsServer, textOf } from './kms-server.ts'

/** Cloud KMS' names where they are not the attestor's. */
const NAMES: Partial<Record<DeclaredAlgorithm, string>> = {
  ECDSA_P256_SHA256: 'EC_SIGN_P256_SHA256',
  ECDSA_P384_SHA384: 'EC_SIGN_P384_SHA384',
  RSA_PSS_2048_SHA256: 'RSA_SIGN_PSS_2048_SHA256',
  RSA_PSS_3072_SHA256: 'RSA_SIGN_PSS_3072_SHA256',
  RSA_PSS_4096_SHA256: 'RSA_SIGN_PSS_4096_SHA256',
  RSA_PSS_4096_SHA512: 'RSA_SIGN_PSS_4096_SHA512',
}

/** What a key version or caller does wrong. */
export type GoogleFault = 'NONE' | 'DENIED' | 'DENIED_TO_SIGN' | 'CORRUPTED'

/** Google Cloud KMS: public keys and signatures of key versions, over REST. */
export class FakeGoogleKms {
  readonly server: KmsServer
  fault: GoogleFault = 'NONE'
  readonly #keys: Map<string, KmsKey>

  private constructor(server: KmsServer, keys: Map<string, KmsKey>) {
    this.server = server
    this.#keys = keys
  }

  static async start(): Promise<FakeGoogleKms> {
    const keys = new Map<string, KmsKey>()
    const kms: FakeGoogleKms = new FakeGoogleKms(await KmsServer.start((request) => kms.#answer(request)), keys)
    return kms
  }

  /** The variables that point gcloud, and us, here. */
  get env(): Readonly<Record<string, string>> {
    return { CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS: `${this.server.origin}/`, CLOUDSDK_AUTH_ACCESS_TOKEN: 'token' }
  }

  /** Makes a key version and gives its name. */
  addKey(name: string, algorithm: DeclaredAlgorithm): { readonly version: string; readonly key: KmsKey } {
    const version = `projects/p1/locations/global/keyRings/ring/cryptoKeys/${name}/cryptoKeyVersions/1`
    const key = new KmsKey(algorithm)
    this.#keys.set(version, key)
    return { version, key }
  }

  async close(): Promise<void> {
    for (const key of this.#keys.values()) key.close()
    await this.server.close()
  }

  #answer({ path, headers, json }: KmsRequest): KmsResponse {
    const [, version = '', verb] = /^\/v1\/(.+?)(\/publicKey|:asymmetricSign)$/.exec(path) ?? []
    const key = this.#keys.get(version)
    if (headers.authorization !== 'Bearer token') return failure(401, 'UNAUTHENTICATED', 'Request had invalid authentication credentials.')
    if (this.fault === 'DENIED' || (this.fault === 'DENIED_TO_SIGN' && verb === ':asymmetricSign')) {
      return failure(403, 'PERMISSION_DENIED', `Permission denied on resource '${version}' (or it may not exist).`)
    }
    if (key === undefined) return failure(404, 'NOT_FOUND', `CryptoKeyVersion ${version} not found.`)
    if (!key.enabled) return failure(400, 'FAILED_PRECONDITION', `${version} is not enabled, current state is: DISABLED.`)
    const algorithm = NAMES[key.algorithm] ?? key.algorithm
    if (verb === '/publicKey') {
      const pem = key.publicKeyPem
      return { status: 200, json: { pem, algorithm, pemCrc32c: crc32c(Buffer.from(pem)), name: version, protectionLevel: 'SOFTWARE' } }
    }
    return this.#sign(version, key, json)
  }

  #sign(version: string, key: KmsKey, json: KmsRequest['json']): KmsResponse {
    const scheme = SCHEMES[key.algorithm]
    const hash = 'hash' in scheme ? scheme.hash : ''
    const digest = Buffer.from(textOf(json, 'digest', hash), 'base64')
    if (digest.length === 0) return failure(400, 'INVALID_ARGUMENT', `The digest type must be ${hash.toUpperCase()} for this key version.`)
    const signature = key.signDigest(digest)
    const signatureCrc32c = crc32c(signature)
    if (this.fault === 'CORRUPTED') signature[8] = (signature[8] ?? 0) ^ 1
    const verified = String(json['digestCrc32c']) === crc32c(digest)
    return {
      status: 200,
      json: { signature: signature.toString('base64'), signatureCrc32c, verifiedDigestCrc32c: verified, name: version, protectionLevel: 'SOFTWARE' },
    }
  }
}

function failure(code: number, status: string, message: string): KmsResponse {
  return { status: code, json: { error: { code, status, message } } }
}
