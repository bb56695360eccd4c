import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { parseYamlDocuments } from '@countersign/api/file/yaml.ts'
import { type KubernetesClient, makeKubernetesClient } from '@countersign/adapters/kubernetes/client.ts'
import { findInClusterConnection, type FindFile, readKubeconfig } from '@countersign/adapters/kubernetes/connection.ts'
import { sendOverHttp } from '@countersign/adapters/http-send.ts'
import { StatusError } from '@countersign/core/status.ts'

/** Connects to the cluster in which the server runs, or to that of a kubeconfig file. Throws FAILED_PRECONDITION where it is none. */
export async function connectKubernetes(named: string, env: Readonly<Record<string, string | undefined>>): Promise<KubernetesClient> {
  if (named === 'in-cluster') {
    const inside = await findInClusterConnection(env, findFile)
    if (inside === undefined) throw new StatusError('FAILED_PRECONDITION', 'Not in a Pod with a service account: name a kubeconfig file instead')
    return makeKubernetesClient(inside, sendOverHttp)
  }
  const bytes = await findFile(named)
  const parsed = parseYamlDocuments(new TextDecoder().decode(bytes))
  if (bytes === undefined || !parsed.ok) throw new StatusError('FAILED_PRECONDITION', `Cannot read "${named}": expected a kubeconfig file`)
  const connection = await readKubeconfig(parsed.value[0]?.tree, { findFile, resolve: (path) => resolve(dirname(named), path) })
  return makeKubernetesClient(connection, sendOverHttp)
}

const findFile: FindFile = async (path) => {
  try {
    return await readFile(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
