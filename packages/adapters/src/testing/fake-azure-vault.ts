import { type DeclaredAlgorithm, SCHEMES } from '@countersign/evidence/key/algorithm.ts'
import { KmsKey } from './kms-key.ts'
import { type KmsRequest, type KmsResponse, KmsServer, textOf } from './kms-server.ts'

/** The host that the fake stands for. */
export const AZURE_VAULT = 'demo.vault.azure.net'
const VERSION = '0123456789abcdef0123456789abcdef'

/** Azure Key Vault, and the login that gives out its tokens. */
export class FakeAzureVault {
  readonly server: KmsServer
  isDenied = false
  readonly #keys: Map<string, KmsKey>

  private constructor(server: KmsServer, keys: Map<string, KmsKey>) {
    this.server = server
    this.#keys = keys
  }

  static async start(): Promise<FakeAzureVault> {
    const keys = new Map<string, KmsKey>()
    const vault: FakeAzureVault = new FakeAzureVault(await KmsServer.start((request) => vault.#answer(request)), keys)
    return vault
  }

  /** The variables of a client that logs in here with a secret. */
  get env(): Readonly<Record<string, string>> {
    return { AZURE_TENANT_ID: 'tenant', AZURE_CLIENT_ID: 'client', AZURE_CLIENT_SECRET: 'secret', AZURE_AUTHORITY_HOST: this.server.origin }
  }

  /** Which origin stands for the vault's host. */
  get hosts(): Readonly<Record<string, string>> {
    return { [AZURE_VAULT]: this.server.origin }
  }

  addKey(name: string, algorithm: DeclaredAlgorithm): KmsKey {
    const key = new KmsKey(algorithm)
    this.#keys.set(name, key)
    return key
  }

  async close(): Promise<void> {
    for (const key of this.#keys.values()) key.close()
    await this.server.close()
  }

  #answer({ path, query, headers, json }: KmsRequest): KmsResponse {
    if (path === '/tenant/oauth2/v2.0/token') return { status: 200, json: { access_token: 'token', expires_in: 3600, token_type: 'Bearer' } }
    if (headers.authorization !== 'Bearer token') {
      const challenge = 'Bearer authorization="https://login.microsoftonline.com/tenant", resource="https://vault.azure.net"'
      return { ...failure(401, 'Unauthorized', 'AKV10000: Request is missing a Bearer or PoP token.'), headers: { 'www-authenticate': challenge } }
    }
    if (this.isDenied) return failure(403, 'Forbidden', 'Caller is not authorized to perform action on resource.', 'ForbiddenByRbac')
    const [, name = '', verb] = /^\/keys\/([^/]+)(?:\/[0-9a-f]{0,32})?(\/sign)?$/.exec(path) ?? []
    const key = this.#keys.get(name)
    if (key === undefined || query.get('api-version') === null)
      return failure(404, 'KeyNotFound', `A key with (name/id) ${name} was not found in this key vault.`)
    const kid = `https://${AZURE_VAULT}/keys/${name}/${VERSION}`
    if (verb === '/sign') return sign(key, kid, json)
    const { kty, ...parts } = key.publicKey.export({ format: 'jwk' })
    const times = { created: 1_700_000_000, updated: 1_700_000_000, recoveryLevel: 'Recoverable' }
    return {
      status: 200,
      json: { key: { kid, kty: `${kty}-HSM`, key_ops: ['sign', 'verify'], ...parts }, attributes: { enabled: key.enabled, ...times } },
    }
  }
}

function sign(key: KmsKey, kid: string, json: KmsRequest['json']): KmsResponse {
  if (!key.enabled) return failure(403, 'Forbidden', 'Operation sign is not allowed on a disabled key.', 'KeyDisabled')
  const alg = textOf(json, 'alg')
  const signature = key.signDigest(Buffer.from(textOf(json, 'value'), 'base64url'), algorithmOf(key, alg))
  return { status: 200, json: { kid, value: (alg.startsWith('ES') ? sideBySide(key, signature) : signature).toString('base64url') } }
}

function algorithmOf(key: KmsKey, alg: string): DeclaredAlgorithm {
  const bits = key.publicKey.asymmetricKeyDetails?.modulusLength
  if (bits === undefined) return key.algorithm
  return (alg.startsWith('PS') ? `RSA_PSS_${bits}_SHA${alg.slice(2)}` : `RSA_SIGN_PKCS1_${bits}_SHA${alg.slice(2)}`) as DeclaredAlgorithm
}

/** Azure gives ECDSA's two numbers side by side, each as long as the curve's. */
function sideBySide(key: KmsKey, der: Buffer): Buffer {
  const scheme = SCHEMES[key.algorithm]
  const size = { sha256: 32, sha384: 48, sha512: 66 }['hash' in scheme ? scheme.hash : ''] ?? 0
  const start = (der[1] ?? 0) === 0x81 ? 3 : 2
  const lengthOfR = der[start + 1] ?? 0
  const r = der.subarray(start + 2, start + 2 + lengthOfR)
  const s = der.subarray(start + 4 + lengthOfR)
  return Buffer.concat([r, s].map((number) => fit(number, size)))
}

function fit(number: Buffer, size: number): Buffer {
  const digits = number.subarray(Math.max(0, number.length - size))
  return Buffer.concat([Buffer.alloc(size - digits.length), digits])
}

function failure(status: number, code: string, message: string, inner?: string): KmsResponse {
  return { status, json: { error: { code, message, ...(inner === undefined ? {} : { innererror: { code: inner } }) } } }
}
