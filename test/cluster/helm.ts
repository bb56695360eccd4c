import { fileURLToPath } from 'node:url'
import { findClusterPart } from '../../tools/cluster-parts.mjs'
import { plainEnvironment, startChild } from '../harness/child.ts'
import { tempFolder } from '../harness/temp-folder.ts'

/** Our chart. */
export const CHART = fileURLToPath(new URL('../../deploy/helm/countersign', import.meta.url))

/** Runs helm and gives what it printed; throws where it fails. */
export async function runHelm(args: readonly string[], { kubeconfig = '' }: { readonly kubeconfig?: string } = {}): Promise<string> {
  const path = findClusterPart('helm')
  if (path === undefined) throw new Error('Cannot run helm: it is not built')
  const child = startChild(path, args, { env: plainEnvironment({ HOME: tempFolder(), KUBECONFIG: kubeconfig }) })
  const { code } = await child.ended
  if (code !== 0) throw new Error(`helm ${args.join(' ')} ended with code ${code}: ${child.stderr()}`)
  return child.stdout()
}
