import { StatusError } from '@countersign/core/status.ts'
import { callJson, type JsonCall, textAt } from './json-call.ts'
import type { KeySurroundings } from './opened-key.ts'

const ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const NEXT = 'log in with: az login, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET'

/**
 * A token for a vault, found where Azure's own clients look, in their order: a client secret or a federated token (`AZURE_*` variables), the
 * machine's managed identity, the `az` program. A token is asked for one resource only, which is that of the vault's cloud.
 */
export async function findAzureToken(resource: string, surroundings: KeySurroundings): Promise<string> {
  const { env, send } = surroundings
  const call = (await clientCall(resource, surroundings)) ?? managedCall(resource, env)
  if (call === undefined) return await askProgram(resource, surroundings)
  const { status, tree } = await callJson(send, call)
  const token = textAt(tree, 'access_token')
  if (status === 200 && token !== '') return token
  const said = textAt(tree, 'error_description') || textAt(tree, 'error')
  throw new StatusError('UNAUTHENTICATED', `Cannot log in to Azure: ${said.split(/\r?\n/)[0] || `status ${status}`}; ${NEXT}`)
}

async function clientCall(resource: string, { env, readFile }: KeySurroundings): Promise<JsonCall | undefined> {
  const { AZURE_TENANT_ID: tenant, AZURE_CLIENT_ID: client, AZURE_CLIENT_SECRET: secret, AZURE_FEDERATED_TOKEN_FILE: file } = env
  if (tenant === undefined || client === undefined || (secret === undefined && file === undefined)) return undefined
  const proof =
    secret === undefined
      ? {
          client_assertion_type: ASSERTION,
          client_assertion: Buffer.from(await readFile(file ?? ''))
            .toString('utf8')
            .trim(),
        }
      : { client_secret: secret }
  const authority = env['AZURE_AUTHORITY_HOST'] ?? 'https://login.microsoftonline.com'
  const form = { grant_type: 'client_credentials', client_id: client, scope: `${resource}/.default`, ...proof }
  return { method: 'POST', url: new URL(`${encodeURIComponent(tenant)}/oauth2/v2.0/token`, withSlash(authority)).href, form }
}

/** Of App Service and Container Apps, which say where to ask. Virtual machines are asked through `az login --identity`. */
function managedCall(resource: string, env: KeySurroundings['env']): JsonCall | undefined {
  const { IDENTITY_ENDPOINT: endpoint, IDENTITY_HEADER: header, AZURE_CLIENT_ID: client } = env
  if (endpoint === undefined || header === undefined) return undefined
  const url = new URL(endpoint)
  url.searchParams.set('api-version', '2019-08-01')
  url.searchParams.set('resource', resource)
  if (client !== undefined) url.searchParams.set('client_id', client)
  return { method: 'GET', url: url.href, headers: { 'x-identity-header': header } }
}

async function askProgram(resource: string, { runProgram }: KeySurroundings): Promise<string> {
  try {
    const args = ['account', 'get-access-token', '--resource', resource, '--query', 'accessToken', '--output', 'tsv']
    const { code, stdout, stderr } = await runProgram('az', args, new Uint8Array())
    if (code === 0) return Buffer.from(stdout).toString('utf8').trim()
    throw new Error(stderr.trim().split('\n').at(-1))
  } catch (cause) {
    throw new StatusError('UNAUTHENTICATED', `Cannot log in to Azure: ${cause instanceof Error ? cause.message : 'az failed'}; ${NEXT}`, { cause })
  }
}

function withSlash(url: string): string {
  return url.endsWith('/') ? url : `${url}/`
}
