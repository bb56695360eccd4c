import { createPublicKey, type KeyObject } from 'node:crypto'
import { quote } from '@countersign/core/quote.ts'
import { StatusError } from '@countersign/core/status.ts'
import { callJson, type JsonCall, type JsonTree, textAt, treeAt } from './json-call.ts'
import type { KeyOptions, KeySurroundings, OpenedKey } from './opened-key.ts'
import { codeOfHttpStatus, keyRefused, type NextSteps } from './refusal.ts'
import { type ChosenAlgorithm, openRemoteKey } from './remote-key.ts'

const KEY = /^([A-Za-z0-9_][A-Za-z0-9_.-]{0,127})(?:\?version=([1-9][0-9]{0,8}))?$/
const HASHES: Readonly<Record<string, string>> = { sha256: 'sha2-256', sha384: 'sha2-384', sha512: 'sha2-512' }

/**
 * Opens a transit key of HashiCorp Vault or OpenBao: `KEY[?version=N]`. Server, token, namespace and authority are the programs' own variables
 * (`VAULT_ADDR`, `VAULT_TOKEN`, `VAULT_NAMESPACE`, `VAULT_CACERT`, or `BAO_…`), the token also `~/.vault-token`; the engine's path is
 * `TRANSIT_SECRET_ENGINE_PATH`, as for cosign. Without a version it is the newest, and stays that one.
 */
export async function openVaultKey(rest: string, options: KeyOptions, surroundings: KeySurroundings): Promise<OpenedKey> {
  const name = `hashivault://${rest}`
  const [, key = '', asked] = KEY.exec(rest) ?? []
  if (key === '')
    throw new StatusError('INVALID_ARGUMENT', `Key ${quote(name)} is not valid, expected hashivault://KEY or hashivault://KEY?version=N`)
  const call = await makeCaller(name, surroundings)
  const found = treeAt(await call('GET', `keys/${key}`), 'data')
  const version = asked ?? String(found['latest_version'])
  const publicKey = readKey(name, { found, version })
  const sign = async (_payload: Uint8Array, { scheme, digest }: ChosenAlgorithm): Promise<Uint8Array> => {
    const padding =
      scheme.family === 'RSA_PSS'
        ? { signature_algorithm: 'pss', salt_length: 'hash' }
        : scheme.family === 'RSA_PKCS1'
          ? { signature_algorithm: 'pkcs1v15' }
          : {}
    const how = { ...padding, prehashed: true, marshaling_algorithm: 'asn1', key_version: Number(version) }
    const hash = 'hash' in scheme ? (HASHES[scheme.hash] ?? '') : ''
    const answer = await call('POST', `sign/${key}/${hash}`, { input: Buffer.from(digest).toString('base64'), ...how })
    const [vault, , signature = ''] = textAt(answer, 'data', 'signature').split(':')
    return Buffer.from(vault === undefined ? '' : signature, 'base64')
  }
  return openRemoteKey({ name, publicKey, sign }, options)
}

function readKey(name: string, { found, version }: { readonly found: JsonTree; readonly version: string }): KeyObject {
  const pem = textAt(found, 'keys', version, 'public_key')
  if (pem === '') {
    const type = textAt(found, 'type')
    const said = treeAt(found, 'keys')[version] === undefined ? `there is no version ${version}` : `a key of type ${type} has no public half`
    throw keyRefused(name, 'FAILED_PRECONDITION', { said, steps: STEPS })
  }
  try {
    return createPublicKey(pem)
  } catch (cause) {
    throw keyRefused(name, 'FAILED_PRECONDITION', { said: `its type is ${textAt(found, 'type')}`, steps: STEPS, cause })
  }
}

type Caller = (method: JsonCall['method'], path: string, json?: JsonTree) => Promise<JsonTree>

async function makeCaller(name: string, surroundings: KeySurroundings): Promise<Caller> {
  const { env, send, readFile } = surroundings
  const variable = (suffix: string): string | undefined => env[`VAULT_${suffix}`] ?? env[`BAO_${suffix}`]
  const address = variable('ADDR') ?? ''
  if (!URL.canParse(address))
    throw new StatusError('INVALID_ARGUMENT', `Cannot use key ${quote(name)}: VAULT_ADDR is ${quote(address)}, expected a URL`)
  const namespace = variable('NAMESPACE')
  const headers = {
    'x-vault-token': await findToken(name, variable('TOKEN'), surroundings),
    'x-vault-request': 'true',
    ...(namespace === undefined ? {} : { 'x-vault-namespace': namespace }),
  }
  const file = variable('CACERT')
  const ca = file === undefined ? {} : { ca: Buffer.from(await readFile(file)).toString('utf8') }
  const engine = env['TRANSIT_SECRET_ENGINE_PATH'] ?? 'transit'
  return async (method, path, json) => {
    const url = new URL(`/v1/${engine}/${path}`, address).href
    const { status, tree } = await callJson(send, { method, url, headers, ...ca, ...(json === undefined ? {} : { json }) })
    if (status === 200) return tree
    throw refuse(name, status, tree)
  }
}

async function findToken(name: string, given: string | undefined, { env, readFile }: KeySurroundings): Promise<string> {
  if (given !== undefined && given !== '') return given
  try {
    return Buffer.from(await readFile(`${env['HOME'] ?? ''}/.vault-token`))
      .toString('utf8')
      .trim()
  } catch (cause) {
    throw keyRefused(name, 'UNAUTHENTICATED', { steps: STEPS, cause })
  }
}

function refuse(name: string, status: number, { errors }: JsonTree): StatusError {
  const said = Array.isArray(errors) ? errors.join('; ').trim() : ''
  // Vault answers 403 for a token that it does not know, 503 while it is sealed, and 307 from a server that stands by.
  const isUnknown = /invalid token|bad token/.test(said)
  const code = isUnknown ? 'UNAUTHENTICATED' : status === 307 ? 'UNAVAILABLE' : codeOfHttpStatus(status)
  return keyRefused(name, code, { said: status === 307 ? 'this server stands by: set VAULT_ADDR to the active one' : said, steps: STEPS })
}

const STEPS: NextSteps = {
  UNAUTHENTICATED: 'log in with: vault login, or set VAULT_TOKEN',
  PERMISSION_DENIED:
    'the token’s policy needs: path "transit/keys/KEY" { capabilities = ["read"] } and path "transit/sign/KEY/*" { capabilities = ["update"] }',
  NOT_FOUND: 'the keys: vault list transit/keys; another mount is named by TRANSIT_SECRET_ENGINE_PATH',
  FAILED_PRECONDITION: 'make one with: vault write -f transit/keys/KEY type=ecdsa-p256 (or p384, p521, rsa-2048, rsa-3072, rsa-4096)',
}
