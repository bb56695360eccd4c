import { findClusterPart } from '../../tools/cluster-parts.mjs'
import { plainEnvironment, startChild } from '../harness/child.ts'
import { tempFolder } from '../harness/temp-folder.ts'

/** How kubectl ended, and what a person would have read. */
export interface KubectlResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs kubectl; `input` goes to standard input, objects as JSON. */
export type Kubectl = (args: readonly string[], input?: object | string) => Promise<KubectlResult>

/** kubectl on a cluster. What it caches of the API server's answers is shared between its runs, as on a person's machine. */
export function makeKubectl(kubeconfig: string): Kubectl {
  const path = findClusterPart('kubectl')
  if (path === undefined) throw new Error('Cannot run kubectl: it is not built')
  const env = plainEnvironment({ HOME: tempFolder(), KUBECONFIG: kubeconfig })
  return async (args, input = '') => {
    const child = startChild(path, args, { env, input: typeof input === 'string' ? input : JSON.stringify(input) })
    const { code } = await child.ended
    return { code: code ?? 128, stdout: child.stdout(), stderr: child.stderr() }
  }
}

/** What kubectl printed, for commands that must succeed. */
export async function expectOutput(result: Promise<KubectlResult>): Promise<string> {
  const { code, stdout, stderr } = await result
  if (code !== 0) throw new Error(`kubectl ended with code ${code}: ${stderr}${stdout}`)
  return stdout
}
