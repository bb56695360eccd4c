import { createPublicKey, type KeyObject } from 'node:crypto'
import { quote } from '@countersign/core/quote.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { SignatureScheme } from '@countersign/evidence/key/algorithm.ts'
import { findAzureToken } from './azure-login.ts'
import { ecdsaDer } from './ecdsa-der.ts'
import { callJson, type JsonCall, type JsonTree, textAt, treeAt } from './json-call.ts'
import type { KeyOptions, KeySurroundings, OpenedKey } from './opened-key.ts'
import { codeOfHttpStatus, keyRefused, type NextSteps } from './refusal.ts'
import { type ChosenAlgorithm, openRemoteKey } from './remote-key.ts'

/** A vault or managed HSM of Azure's clouds, and nothing else: the login's token is shown to this host. */
const VAULT = /^[a-z0-9-]{3,24}\.((?:vault|managedhsm)\.(?:azure\.net|azure\.cn|usgovcloudapi\.net|microsoftazure\.de))$/i
const PART = /^[A-Za-z0-9-]{1,127}$/
const API_VERSION = '7.4'

/** Opens a key of Azure Key Vault or Managed HSM: `VAULT.vault.azure.net/KEY[/VERSION]`. Without a version it is the newest, and stays that one. */
export async function openAzureKey(rest: string, options: KeyOptions, surroundings: KeySurroundings): Promise<OpenedKey> {
  const name = `azurekms://${rest}`
  const [vault = '', key = '', version, ...more] = rest.split('/')
  const cloud = VAULT.exec(vault)?.[1]
  if (cloud === undefined || !PART.test(key) || (version !== undefined && !PART.test(version)) || more.length > 0) {
    throw new StatusError('INVALID_ARGUMENT', `Key ${quote(name)} is not valid, expected azurekms://VAULT.vault.azure.net/KEY/VERSION`)
  }
  const token = await findAzureToken(`https://${cloud.toLowerCase()}`, surroundings)
  const call = async (method: JsonCall['method'], path: string, json?: JsonTree): Promise<JsonTree> => {
    const url = `https://${vault}/keys/${path}?api-version=${API_VERSION}`
    const request = { method, url, headers: { authorization: `Bearer ${token}` }, ...(json === undefined ? {} : { json }) }
    const { status, tree } = await callJson(surroundings.send, request)
    if (status === 200) return tree
    throw refuse(name, status, tree)
  }
  const found = await call('GET', version === undefined ? key : `${key}/${version}`)
  if (treeAt(found, 'attributes')['enabled'] === false) throw keyRefused(name, 'FAILED_PRECONDITION', { said: 'the key is disabled', steps: STEPS })
  const pinned = version ?? textAt(found, 'key', 'kid').split('/').at(-1) ?? ''
  const sign = async (_payload: Uint8Array, { scheme, digest }: ChosenAlgorithm): Promise<Uint8Array> => {
    const answer = await call('POST', `${key}/${pinned}/sign`, { alg: joseName(scheme), value: Buffer.from(digest).toString('base64url') })
    const signature = Buffer.from(textAt(answer, 'value'), 'base64url')
    return scheme.family === 'ECDSA' ? ecdsaDer(signature) : signature
  }
  return openRemoteKey({ name, publicKey: readKey(name, treeAt(found, 'key')), sign }, options)
}

function readKey(name: string, { kty, crv, x, y, n, e }: JsonTree): KeyObject {
  try {
    // Keys in hardware are called EC-HSM and RSA-HSM.
    return createPublicKey({ format: 'jwk', key: kty === 'EC' || kty === 'EC-HSM' ? { kty: 'EC', crv, x, y } : { kty: 'RSA', n, e } } as Parameters<
      typeof createPublicKey
    >[0])
  } catch (cause) {
    throw keyRefused(name, 'FAILED_PRECONDITION', { said: `its type is ${JSON.stringify(kty)}`, steps: STEPS, cause })
  }
}

/** RFC 7518's names: PS256, RS512, ES384. */
function joseName(scheme: SignatureScheme): string {
  const letters = { RSA_PSS: 'PS', RSA_PKCS1: 'RS', ECDSA: 'ES', ML_DSA: 'ML' }[scheme.family]
  return `${letters}${'hash' in scheme ? scheme.hash.slice('sha'.length) : ''}`
}

function refuse(name: string, status: number, tree: JsonTree): StatusError {
  // A disabled key and a missing permission are both 403; the inner code tells.
  const inner = textAt(tree, 'error', 'innererror', 'code')
  const isState = inner === 'KeyDisabled' || inner === 'KeyNotYetValid' || inner === 'KeyExpired'
  const code = isState ? 'FAILED_PRECONDITION' : codeOfHttpStatus(status)
  return keyRefused(name, code, { said: textAt(tree, 'error', 'message'), steps: STEPS })
}

const STEPS: NextSteps = {
  UNAUTHENTICATED: 'log in with: az login, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET',
  PERMISSION_DENIED: 'grant the role "Key Vault Crypto User" on the key (get and sign)',
  NOT_FOUND: 'the versions of a key: az keyvault key list-versions --vault-name VAULT --name KEY',
  FAILED_PRECONDITION: 'it must be an enabled EC P-256, P-384, P-521 or RSA key: az keyvault key set-attributes --enabled true',
}
