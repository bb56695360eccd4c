import { createPublicKey } from 'node:crypto'
import type { KMSClient } from '@aws-sdk/client-kms'
import { quote } from '@countersign/core/quote.ts'
import { StatusError, type StatusCode } from '@countersign/core/status.ts'
import type { DeclaredAlgorithm } from '@countersign/evidence/key/algorithm.ts'
import { SCHEMES } from '@countersign/evidence/key/algorithm.ts'
import type { KeyOptions, KeySurroundings, OpenedKey } from './opened-key.ts'
import { keyRefused, type NextSteps } from './refusal.ts'
import { type ChosenAlgorithm, openRemoteKey } from './remote-key.ts'

/** `[HOST]/KEY`: an id, an ARN, `alias/NAME` or an alias' ARN. */
const REFERENCE = /^([A-Za-z0-9.-]{1,253}(?::[0-9]{1,5})?)?\/([A-Za-z0-9:/_-]{1,2048})$/
const ARN_REGION = /^arn:[a-z-]{1,20}:kms:([a-z0-9-]{1,30}):/

/** KMS' name of each family of signatures; the hash is the algorithm's. */
const ALGORITHMS = {
  RSASSA_PSS_SHA_256: { family: 'RSA_PSS', hash: 'sha256' },
  RSASSA_PSS_SHA_512: { family: 'RSA_PSS', hash: 'sha512' },
  RSASSA_PKCS1_V1_5_SHA_256: { family: 'RSA_PKCS1', hash: 'sha256' },
  RSASSA_PKCS1_V1_5_SHA_512: { family: 'RSA_PKCS1', hash: 'sha512' },
  ECDSA_SHA_256: { family: 'ECDSA', hash: 'sha256' },
  ECDSA_SHA_384: { family: 'ECDSA', hash: 'sha384' },
  ECDSA_SHA_512: { family: 'ECDSA', hash: 'sha512' },
  ML_DSA_SHAKE_256: { family: 'ML_DSA', hash: undefined },
} as const
type AwsAlgorithm = keyof typeof ALGORITHMS

/**
 * Opens an AWS KMS key. The login is the SDK's own chain: variables, SSO, profiles, web identity, the machine's role. The endpoint is the URI's
 * host, `AWS_ENDPOINT_URL_KMS`, `AWS_ENDPOINT_URL`, or the region's.
 */
export async function openAwsKey(rest: string, options: KeyOptions, { env }: KeySurroundings): Promise<OpenedKey> {
  const [, host, keyId = ''] = REFERENCE.exec(rest) ?? []
  if (keyId === '')
    throw new StatusError(
      'INVALID_ARGUMENT',
      `Key ${quote(`awskms://${rest}`)} is not valid, expected awskms:///ALIAS, awskms:///ARN or awskms://HOST/ALIAS`,
    )
  const name = `awskms://${rest}`
  const { KMSClient, GetPublicKeyCommand, SignCommand } = await import('@aws-sdk/client-kms')
  const client = new KMSClient(clientOptions(name, keyId, { env, host }))
  const found = await attempt(name, client, async () => await client.send(new GetPublicKeyCommand({ KeyId: keyId })))
  if (found.KeyUsage !== 'SIGN_VERIFY' || found.PublicKey === undefined) {
    throw keyRefused(name, 'FAILED_PRECONDITION', { said: `its usage is ${found.KeyUsage ?? 'not told'}, expected SIGN_VERIFY` })
  }
  const publicKey = createPublicKey({ key: Buffer.from(found.PublicKey), format: 'der', type: 'spki' })
  const sign = async (_payload: Uint8Array, { algorithm, digest }: ChosenAlgorithm): Promise<Uint8Array> => {
    const SigningAlgorithm = awsName(algorithm)
    const MessageType = SigningAlgorithm === 'ML_DSA_SHAKE_256' ? 'RAW' : 'DIGEST'
    // The key's own id: an alias may have moved since its public half was read.
    const command = new SignCommand({ KeyId: found.KeyId ?? keyId, Message: digest, MessageType, SigningAlgorithm })
    return (await attempt(name, client, async () => await client.send(command))).Signature ?? new Uint8Array()
  }
  return openRemoteKey({ name, publicKey, offered: offeredBy(found.SigningAlgorithms ?? []), sign }, options)
}

type ClientOptions = NonNullable<ConstructorParameters<typeof KMSClient>[0]>

function clientOptions(
  name: string,
  keyId: string,
  { env, host }: { readonly env: KeySurroundings['env']; readonly host: string | undefined },
): ClientOptions {
  const endpoint = host === undefined ? (env['AWS_ENDPOINT_URL_KMS'] ?? env['AWS_ENDPOINT_URL']) : `https://${host}`
  const region = ARN_REGION.exec(keyId)?.[1] ?? env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION']
  const base = { ...loginOf(env), maxAttempts: 3 }
  // Whoever names an endpoint may run something that knows no regions, such as local-kms.
  if (endpoint !== undefined) return { ...base, endpoint, region: region ?? 'us-east-1' }
  if (region !== undefined) return { ...base, region }
  if (env['AWS_PROFILE'] !== undefined || env['AWS_CONFIG_FILE'] !== undefined) return base
  throw new StatusError('INVALID_ARGUMENT', `Cannot tell the region of key ${quote(name)}: name the key by its ARN, or set AWS_REGION`)
}

/** A login by variables is ours to pass on; every other way is the SDK's to find. */
function loginOf(env: KeySurroundings['env']): ClientOptions {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: sessionToken } = env
  if (accessKeyId === undefined || secretAccessKey === undefined) return {}
  return { credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) } }
}

function offeredBy(names: readonly string[]): readonly DeclaredAlgorithm[] {
  return (Object.keys(SCHEMES) as DeclaredAlgorithm[]).filter((algorithm) => names.includes(awsName(algorithm)))
}

function awsName(algorithm: DeclaredAlgorithm): AwsAlgorithm {
  const scheme = SCHEMES[algorithm]
  const hash = 'hash' in scheme ? scheme.hash : undefined
  const names = Object.keys(ALGORITHMS) as AwsAlgorithm[]
  return names.find((one) => ALGORITHMS[one].family === scheme.family && ALGORITHMS[one].hash === hash) ?? 'ECDSA_SHA_256'
}

async function attempt<T>(name: string, client: KMSClient, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (cause) {
    client.destroy()
    const { code, said } = explain(cause)
    throw keyRefused(name, code, { said, steps: STEPS, cause })
  }
}

const CODES: Readonly<Record<string, StatusCode>> = {
  NotFoundException: 'NOT_FOUND',
  AccessDeniedException: 'PERMISSION_DENIED',
  DisabledException: 'FAILED_PRECONDITION',
  KMSInvalidStateException: 'FAILED_PRECONDITION',
  InvalidKeyUsageException: 'FAILED_PRECONDITION',
  KeyUnavailableException: 'UNAVAILABLE',
  ThrottlingException: 'RESOURCE_EXHAUSTED',
  UnrecognizedClientException: 'UNAUTHENTICATED',
  InvalidSignatureException: 'UNAUTHENTICATED',
  ExpiredTokenException: 'UNAUTHENTICATED',
  CredentialsProviderError: 'UNAUTHENTICATED',
  ValidationException: 'INVALID_ARGUMENT',
  InvalidArnException: 'INVALID_ARGUMENT',
}

const STEPS: NextSteps = {
  UNAUTHENTICATED: 'log in with: aws sso login, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
  PERMISSION_DENIED: 'allow kms:GetPublicKey and kms:Sign on the key',
  NOT_FOUND: 'the keys of a region: aws kms list-aliases; the region is the ARN’s or AWS_REGION',
  FAILED_PRECONDITION: 'it must be enabled, asymmetric and for SIGN_VERIFY: aws kms enable-key',
}

function explain(cause: unknown): { readonly code: StatusCode; readonly said: string } {
  if (!(cause instanceof Error)) return { code: 'UNAVAILABLE', said: '' }
  const inner = 'code' in cause && typeof cause.code === 'string' ? cause.code : ''
  return { code: CODES[cause.name] ?? 'UNAVAILABLE', said: cause.message === '' ? inner : cause.message }
}
