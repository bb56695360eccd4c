import { type DeclaredAlgorithm, SCHEMES } from '@countersign/evidence/key/algorithm.ts'
import { KmsKey } from './kms-key.ts'
import { type KmsRequest, type KmsResponse, KmsServer, textOf } from './kms-server.ts'

/** The transit engine of HashiCorp Vault and OpenBao. Each key may have several versions; the last one added is the newest. */
export class FakeVaultTransit {
  readonly server: KmsServer
  isDenied = false
  readonly #keys: Map<string, KmsKey[]>

  private constructor(server: KmsServer, keys: Map<string, KmsKey[]>) {
    this.server = server
    this.#keys = keys
  }

  static async start(): Promise<FakeVaultTransit> {
    const keys = new Map<string, KmsKey[]>()
    const vault: FakeVaultTransit = new FakeVaultTransit(await KmsServer.start((request) => vault.#answer(request)), keys)
    return vault
  }

  get env(): Readonly<Record<string, string>> {
    return { VAULT_ADDR: this.server.origin, VAULT_TOKEN: 'token' }
  }

  addKey(name: string, algorithm: DeclaredAlgorithm): KmsKey {
    const key = new KmsKey(algorithm)
    this.#keys.set(name, [...(this.#keys.get(name) ?? []), key])
    return key
  }

  async close(): Promise<void> {
    for (const key of [...this.#keys.values()].flat()) key.close()
    await this.server.close()
  }

  #answer({ method, path, headers, json }: KmsRequest): KmsResponse {
    if (headers['x-vault-token'] !== 'token')
      return { status: 403, json: { errors: ['2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n'] } }
    if (this.isDenied) return { status: 403, json: { errors: ['1 error occurred:\n\t* permission denied\n\n'] } }
    const [, verb, name = '', hash = ''] = /^\/v1\/transit\/(keys|sign)\/([^/]+)(?:\/([a-z0-9-]+))?$/.exec(path) ?? []
    const versions = this.#keys.get(name)
    if (versions === undefined)
      return method === 'GET' ? { status: 404, json: { errors: [] } } : { status: 400, json: { errors: ['signing key not found'] } }
    if (verb === 'sign') return sign(versions, hash, json)
    const keys = Object.fromEntries(versions.map((key, index) => [String(index + 1), { name: typeOf(key.algorithm), public_key: key.publicKeyPem }]))
    return { status: 200, json: { data: { name, type: typeOf(versions[0]?.algorithm), latest_version: versions.length, keys } } }
  }
}

function sign(versions: readonly KmsKey[], hash: string, json: KmsRequest['json']): KmsResponse {
  const version = Number(json['key_version'] ?? versions.length)
  const key = versions[version - 1]
  if (key === undefined) return { status: 400, json: { errors: ['requested version for signing is greater than latest'] } }
  if (json['prehashed'] !== true || json['marshaling_algorithm'] !== 'asn1')
    return { status: 400, json: { errors: ['this fake signs digests in asn1 only'] } }
  const signature = key.signDigest(Buffer.from(textOf(json, 'input'), 'base64'), algorithmOf(key, hash, textOf(json, 'signature_algorithm')))
  return { status: 200, json: { data: { signature: `vault:v${version}:${signature.toString('base64')}`, key_version: version } } }
}

function typeOf(algorithm: DeclaredAlgorithm = 'ECDSA_P256_SHA256'): string {
  const scheme = SCHEMES[algorithm]
  return 'modulusBits' in scheme ? `rsa-${scheme.modulusBits}` : `ecdsa-p${algorithm.slice(7, 10)}`
}

function algorithmOf(key: KmsKey, hash: string, padding: string): DeclaredAlgorithm {
  const bits = key.publicKey.asymmetricKeyDetails?.modulusLength
  if (bits === undefined) return key.algorithm
  return (padding === 'pkcs1v15' ? `RSA_SIGN_PKCS1_${bits}_SHA${hash.slice(-3)}` : `RSA_PSS_${bits}_SHA${hash.slice(-3)}`) as DeclaredAlgorithm
}
