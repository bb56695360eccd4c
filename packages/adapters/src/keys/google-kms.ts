import { createPublicKey, type KeyObject } from 'node:crypto'
import { quote } from '@countersign/core/quote.ts'
import { StatusError, type StatusCode } from '@countersign/core/status.ts'
import { parseSignatureAlgorithm } from '@countersign/evidence/key/algorithm.ts'
import { crc32c } from './crc32c.ts'
import { callJson, type JsonCall, type JsonTree, textAt } from './json-call.ts'
import type { KeyOptions, KeySurroundings, OpenedKey } from './opened-key.ts'
import { codeOfHttpStatus, keyRefused, type NextSteps } from './refusal.ts'
import { type ChosenAlgorithm, openRemoteKey } from './remote-key.ts'

const VERSION_NAME =
  /^projects\/[a-z0-9.:-]{1,100}\/locations\/[a-z0-9-]{1,63}\/keyRings\/[A-Za-z0-9_-]{1,63}\/cryptoKeys\/[A-Za-z0-9_-]{1,63}\/cryptoKeyVersions\/[1-9][0-9]{0,9}$/
const SCOPE = 'https://www.googleapis.com/auth/cloudkms'

/**
 * Opens a key version of Google Cloud KMS by its full name. Its id is the self link without the scheme (binary-authorization.md §2.3). The endpoint
 * and a token may come from gcloud's own variables, `CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS` and `CLOUDSDK_AUTH_ACCESS_TOKEN`; else
 * Application Default Credentials are used.
 */
export async function openGoogleKey(version: string, options: KeyOptions, surroundings: KeySurroundings): Promise<OpenedKey> {
  if (!VERSION_NAME.test(version)) {
    throw new StatusError(
      'INVALID_ARGUMENT',
      `Key ${quote(version)} is not valid, expected projects/P/locations/L/keyRings/R/cryptoKeys/K/cryptoKeyVersions/N`,
    )
  }
  const call = await makeCaller(version, surroundings)
  const answer = await call('GET', '/publicKey')
  const offered = textAt(answer, 'algorithm')
  const algorithm = parseSignatureAlgorithm(offered)
  // The original's words (binary-authorization.md §2.2). Of ML-DSA keys Cloud KMS gives no PEM.
  if (algorithm === undefined || algorithm === 'ML_DSA_65')
    throw new StatusError('FAILED_PRECONDITION', `Unsupported PkixPublicKey signature algorithm: "${offered}"`)
  const name = `gcpkms://${version}`
  const sign = async (_payload: Uint8Array, how: ChosenAlgorithm): Promise<Uint8Array> => await signRemotely(name, call, how)
  return openRemoteKey(
    { name, publicKey: readPublicKey(name, answer), offered: [algorithm], id: `//cloudkms.googleapis.com/v1/${version}`, sign },
    options,
  )
}

type Caller = (method: JsonCall['method'], suffix: string, json?: JsonTree) => Promise<JsonTree>

async function signRemotely(name: string, call: Caller, { scheme, digest }: ChosenAlgorithm): Promise<Uint8Array> {
  const hash = 'hash' in scheme ? scheme.hash : ''
  const answer = await call('POST', ':asymmetricSign', { digest: { [hash]: Buffer.from(digest).toString('base64') }, digestCrc32c: crc32c(digest) })
  const signature = Buffer.from(textAt(answer, 'signature'), 'base64')
  if (answer['verifiedDigestCrc32c'] !== true || textAt(answer, 'signatureCrc32c') !== crc32c(signature)) throw damaged(name)
  return signature
}

function readPublicKey(name: string, answer: JsonTree): KeyObject {
  const pem = textAt(answer, 'pem')
  const checksum = textAt(answer, 'pemCrc32c')
  if (checksum !== '' && checksum !== crc32c(Buffer.from(pem))) throw damaged(name)
  try {
    return createPublicKey(pem)
  } catch (cause) {
    throw new StatusError('DATA_LOSS', `Cannot read the public key of ${quote(name)}`, { cause })
  }
}

function damaged(name: string): StatusError {
  return new StatusError(
    'DATA_LOSS',
    `Cloud KMS and this machine disagree on a checksum for ${quote(name)}: something on the way alters bytes; try again`,
  )
}

async function makeCaller(version: string, surroundings: KeySurroundings): Promise<Caller> {
  const endpoint = endpointOf(surroundings.env)
  const token = await findToken(version, surroundings)
  return async (method, suffix, json) => {
    const headers = { authorization: `Bearer ${token}`, 'x-goog-request-params': `name=${encodeURIComponent(version)}` }
    const url = new URL(`v1/${version}${suffix}`, endpoint).href
    const { status, tree } = await callJson(surroundings.send, { method, url, headers, ...(json === undefined ? {} : { json }) })
    if (status === 200) return tree
    const steps = suffix === '/publicKey' ? STEPS : { ...STEPS, PERMISSION_DENIED: 'grant roles/cloudkms.signerVerifier on the key' }
    throw keyRefused(`gcpkms://${version}`, codeOf(status, tree), { said: textAt(tree, 'error', 'message'), steps })
  }
}

const STEPS: NextSteps = {
  UNAUTHENTICATED: 'log in with: gcloud auth application-default login',
  PERMISSION_DENIED: 'grant roles/cloudkms.publicKeyViewer on the key; who signs needs roles/cloudkms.signerVerifier, which holds it',
  NOT_FOUND: 'the versions of a key: gcloud kms keys versions list --key KEY --keyring RING --location LOCATION',
  FAILED_PRECONDITION: 'enable it with: gcloud kms keys versions enable, or name another version',
}

/** Cloud KMS answers 400 both for what is wrong in a request and for a version that is disabled; its status tells. */
function codeOf(status: number, tree: JsonTree): StatusCode {
  return textAt(tree, 'error', 'status') === 'FAILED_PRECONDITION' ? 'FAILED_PRECONDITION' : codeOfHttpStatus(status)
}

function endpointOf(env: KeySurroundings['env']): string {
  const override = env['CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS'] ?? ''
  if (override === '') return 'https://cloudkms.googleapis.com/'
  if (!URL.canParse(override))
    throw new StatusError('INVALID_ARGUMENT', `CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS is ${quote(override)}, expected a URL`)
  return override.endsWith('/') ? override : `${override}/`
}

async function findToken(version: string, { env }: KeySurroundings): Promise<string> {
  const given = env['CLOUDSDK_AUTH_ACCESS_TOKEN'] ?? ''
  if (given !== '') return given
  const { GoogleAuth } = await import('google-auth-library')
  try {
    const token = await new GoogleAuth({ scopes: [SCOPE] }).getAccessToken()
    if (typeof token === 'string') return token
  } catch (cause) {
    throw keyRefused(`gcpkms://${version}`, 'UNAUTHENTICATED', { said: cause instanceof Error ? cause.message : '', steps: STEPS, cause })
  }
  throw keyRefused(`gcpkms://${version}`, 'UNAUTHENTICATED', { steps: STEPS })
}
