import { isJsonObject, type JsonObject } from '@countersign/core/json-object.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { HttpRequest } from '../http-send.ts'

/** An API server, and how the caller is known there. */
export interface KubernetesConnection {
  readonly server: string
  readonly ca?: string
  /** Asked for each request, because tokens are replaced while a program runs. */
  credentials(): Promise<Pick<HttpRequest, 'cert' | 'key'> & { readonly token?: string }>
}

/** What connections are made of: files by their paths; undefined where one is not there. */
export type FindFile = (path: string) => Promise<Uint8Array | undefined>

const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'

/** The API server of the cluster in which this process runs, by its Pod's service account. Undefined outside of a cluster. */
export async function findInClusterConnection(
  env: Readonly<Record<string, string | undefined>>,
  findFile: FindFile,
): Promise<KubernetesConnection | undefined> {
  const [host, port] = [env['KUBERNETES_SERVICE_HOST'], env['KUBERNETES_SERVICE_PORT']]
  const ca = await findText(findFile, `${ACCOUNT}/ca.crt`)
  if (host === undefined || ca === undefined) return undefined
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port ?? '443'}`,
    ca,
    // The kubelet replaces it about once an hour.
    credentials: async () => ({ token: (await getText(findFile, `${ACCOUNT}/token`)).trim() }),
  }
}

/**
 * The current context of a kubeconfig file, given as a tree; paths in it are relative to `folder`. Throws
 * FAILED_PRECONDITION for what is not understood: a user that another program must vouch for is served by `kubectl proxy`.
 */
export async function readKubeconfig(
  tree: unknown,
  { findFile, resolve }: { readonly findFile: FindFile; readonly resolve: (path: string) => string },
): Promise<KubernetesConnection> {
  const context = named(tree, 'contexts', textIn(tree, 'current-context'), 'context')
  const cluster = named(tree, 'clusters', textIn(context, 'cluster'), 'cluster')
  const user = textIn(context, 'user') === '' ? {} : named(tree, 'users', textIn(context, 'user'), 'user')
  if (cluster['insecure-skip-tls-verify'] === true) throw refused('skips the verification of the API server: name its certificate-authority')
  if ('exec' in user || 'auth-provider' in user)
    throw refused('has a user that another program vouches for: run `kubectl proxy`, and name a kubeconfig with its http address as server')
  const read = async (holder: JsonObject, member: string): Promise<string | undefined> => {
    const data = textIn(holder, `${member}-data`)
    if (data !== '') return Buffer.from(data, 'base64').toString('utf8')
    const path = textIn(holder, member)
    return path === '' ? undefined : await getText(findFile, resolve(path))
  }
  const server = textIn(cluster, 'server')
  if (URL.parse(server) === null) throw refused(`names no server in its current context`)
  const [ca, cert, key] = [await read(cluster, 'certificate-authority'), await read(user, 'client-certificate'), await read(user, 'client-key')]
  const token = async (): Promise<string | undefined> => {
    const path = textIn(user, 'tokenFile')
    return path === '' ? textIn(user, 'token') || undefined : (await getText(findFile, resolve(path))).trim()
  }
  return {
    server: server.replace(/\/+$/, ''),
    ...(ca === undefined ? {} : { ca }),
    credentials: async () => {
      const found = await token()
      return {
        ...(found === undefined ? {} : { token: found }),
        ...(cert === undefined ? {} : { cert }),
        ...(key === undefined ? {} : { key }),
      }
    },
  }
}

function named(tree: unknown, list: string, name: string, member: string): JsonObject {
  const items = isJsonObject(tree) && Array.isArray(tree[list]) ? (tree[list] as readonly unknown[]) : []
  const found = items.find((item) => isJsonObject(item) && item['name'] === name)
  const value = isJsonObject(found) ? found[member] : undefined
  if (isJsonObject(value)) return value
  throw refused(`has no ${member} "${name}"`)
}

function refused(why: string): StatusError {
  return new StatusError('FAILED_PRECONDITION', `Cannot use the kubeconfig: it ${why}`)
}

function textIn(tree: unknown, member: string): string {
  const value = isJsonObject(tree) && Object.hasOwn(tree, member) ? tree[member] : undefined
  return typeof value === 'string' ? value : ''
}

async function findText(findFile: FindFile, path: string): Promise<string | undefined> {
  const bytes = await findFile(path)
  return bytes === undefined ? undefined : Buffer.from(bytes).toString('utf8')
}

async function getText(findFile: FindFile, path: string): Promise<string> {
  const text = await findText(findFile, path)
  if (text === undefined) throw new StatusError('FAILED_PRECONDITION', `Cannot read "${path}": it does not exist`)
  return text
}
