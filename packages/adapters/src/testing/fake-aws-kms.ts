import { type DeclaredAlgorithm, SCHEMES } from '@countersign/evidence/key/algorithm.ts'
import { KmsKey } from './kms-key.ts'
import { type KmsRequest, type KmsResponse, KmsServer, textOf } from './kms-server.ts'

const RSA = [
  'RSASSA_PSS_SHA_256',
  'RSASSA_PSS_SHA_384',
  'RSASSA_PSS_SHA_512',
  'RSASSA_PKCS1_V1_5_SHA_256',
  'RSASSA_PKCS1_V1_5_SHA_384',
  'RSASSA_PKCS1_V1_5_SHA_512',
]

/** AWS KMS: GetPublicKey and Sign of its JSON 1.1 protocol. */
export class FakeAwsKms {
  readonly server: KmsServer
  isDenied = false
  readonly #keys: Map<string, KmsKey>

  private constructor(server: KmsServer, keys: Map<string, KmsKey>) {
    this.server = server
    this.#keys = keys
  }

  static async start(): Promise<FakeAwsKms> {
    const keys = new Map<string, KmsKey>()
    const kms: FakeAwsKms = new FakeAwsKms(await KmsServer.start((request) => kms.#answer(request)), keys)
    return kms
  }

  /** The variables that point the SDK here. */
  get env(): Readonly<Record<string, string>> {
    return { AWS_ENDPOINT_URL_KMS: this.server.origin, AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret' }
  }

  addKey(alias: string, algorithm: DeclaredAlgorithm): KmsKey {
    const key = new KmsKey(algorithm)
    this.#keys.set(`alias/${alias}`, key)
    this.#keys.set(`arn:aws:kms:eu-central-1:111122223333:key/${alias}`, key)
    return key
  }

  async close(): Promise<void> {
    for (const key of this.#keys.values()) key.close()
    await this.server.close()
  }

  #answer({ headers, json }: KmsRequest): KmsResponse {
    const id = textOf(json, 'KeyId')
    const key = this.#keys.get(id)
    if (headers.authorization?.startsWith('AWS4-HMAC-SHA256 Credential=') !== true)
      return failure('UnrecognizedClientException', 'The security token included in the request is invalid.')
    if (this.isDenied) return failure('AccessDeniedException', 'User is not authorized to perform: kms:Sign on this resource')
    if (key === undefined) return failure('NotFoundException', `Alias ${id} is not found.`)
    if (!key.enabled) return failure('DisabledException', `${id} is disabled.`)
    const arn = `arn:aws:kms:eu-central-1:111122223333:key/${id.split('/')[1] ?? ''}`
    if (headers['x-amz-target'] === 'TrentService.GetPublicKey') {
      const answer = {
        KeyId: arn,
        KeyUsage: 'SIGN_VERIFY',
        PublicKey: key.publicKeyDer.toString('base64'),
        SigningAlgorithms: offered(key.algorithm),
      }
      return { status: 200, json: answer }
    }
    return sign(key, arn, json)
  }
}

function sign(key: KmsKey, arn: string, json: KmsRequest['json']): KmsResponse {
  const SigningAlgorithm = textOf(json, 'SigningAlgorithm')
  if (json['MessageType'] !== (SigningAlgorithm === 'ML_DSA_SHAKE_256' ? 'RAW' : 'DIGEST'))
    return failure('ValidationException', 'this fake signs digests only')
  if (!offered(key.algorithm).includes(SigningAlgorithm))
    return failure('InvalidKeyUsageException', `Algorithm ${SigningAlgorithm} is incompatible with the key.`)
  const signature = key.signDigest(Buffer.from(textOf(json, 'Message'), 'base64'), algorithmOf(key, SigningAlgorithm))
  return { status: 200, json: { KeyId: arn, Signature: signature.toString('base64'), SigningAlgorithm } }
}

function offered(algorithm: DeclaredAlgorithm): readonly string[] {
  const scheme = SCHEMES[algorithm]
  if (scheme.family === 'ML_DSA') return ['ML_DSA_SHAKE_256']
  return scheme.family === 'ECDSA' ? [`ECDSA_SHA_${scheme.hash.slice(3)}`] : RSA
}

function algorithmOf(key: KmsKey, name: string): DeclaredAlgorithm {
  const bits = key.publicKey.asymmetricKeyDetails?.modulusLength
  const hash = name.slice(-3)
  if (bits === undefined) return key.algorithm
  return (name.startsWith('RSASSA_PSS') ? `RSA_PSS_${bits}_SHA${hash}` : `RSA_SIGN_PKCS1_${bits}_SHA${hash}`) as DeclaredAlgorithm
}

function failure(type: string, message: string): KmsResponse {
  return { status: 400, json: { __type: type, message } }
}
