import { dirname, resolve } from 'node:path'
import { parseYamlDocuments } from '@countersign/api/file/yaml.ts'
import { type KubernetesClient, makeKubernetesClient } from '@countersign/adapters/kubernetes/client.ts'
import { findInClusterConnection, type KubernetesConnection, readKubeconfig } from '@countersign/adapters/kubernetes/connection.ts'
import { type Terminal, UsageError } from '../terminal.ts'

/** The option by which every command that asks an API server is told which. */
export const KUBECONFIG_OPTION = {
  flags: '--kubeconfig <file>',
  summary: 'which Kubernetes (KUBECONFIG; default: the cluster in which this runs, else ~/.kube/config)',
} as const

/** Connects to the API server that option, environment, cluster or home folder name, in that order. */
export async function connectKubernetes(terminal: Terminal, kubeconfig: string | undefined): Promise<KubernetesClient> {
  return makeKubernetesClient(await findConnection(terminal, kubeconfig), terminal.send)
}

async function findConnection(terminal: Terminal, kubeconfig: string | undefined): Promise<KubernetesConnection> {
  const { env, files } = terminal
  const named = kubeconfig ?? (env['KUBECONFIG'] || undefined)
  if (named !== undefined) return await readFile(terminal, named)
  const inside = await findInClusterConnection(env, files.find)
  if (inside !== undefined) return inside
  const atHome = `${env['HOME'] ?? ''}/.kube/config`
  if ((await files.find(atHome)) !== undefined) return await readFile(terminal, atHome)
  throw new UsageError('No Kubernetes was named', 'Name its kubeconfig with --kubeconfig or KUBECONFIG')
}

async function readFile({ cwd, files }: Terminal, path: string): Promise<KubernetesConnection> {
  const parsed = parseYamlDocuments(new TextDecoder().decode(await files.read(path)))
  if (!parsed.ok) throw new UsageError(`Cannot read "${path}": ${parsed.issues[0]?.message}`)
  const folder = dirname(resolve(cwd, path))
  return await readKubeconfig(parsed.value[0]?.tree, { findFile: files.find, resolve: (inner) => resolve(folder, inner) })
}
