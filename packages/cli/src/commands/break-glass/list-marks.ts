import { connectKubernetes, KUBECONFIG_OPTION } from '../../connection/kubernetes.ts'
import { EXIT, type ExitCode } from '../../terminal.ts'
import type { Verb } from '../verb.ts'
import { findMarks, MARKED_KINDS } from './marks.ts'

const MAX_OBJECTS = 50_000

export const listMarks: Verb = {
  usage: 'list-marks',
  summary: 'List the break-glass marks that stand in Pods and templates of a cluster: each lets in whatever comes, until somebody removes it',
  details: 'Exit code 1 where a template carries one.',
  examples: ['countersign break-glass list-marks --kubeconfig ~/.kube/config'],
  options: [{ flags: '--namespace <namespace>', summary: 'of this namespace only' }, KUBECONFIG_OPTION],
  async run(context, given): Promise<ExitCode> {
    const client = await connectKubernetes(context.terminal, given.text('--kubeconfig'))
    const namespace = given.text('--namespace')
    const rows: ReturnType<typeof findMarks>[number][] = []
    for (const { api, resource, apiVersion, kind } of MARKED_KINDS) {
      const path = namespace === undefined ? `${api}/${resource}` : `${api}/namespaces/${encodeURIComponent(namespace)}/${resource}`
      const found = await client.list(path, MAX_OBJECTS)
      rows.push(...findMarks(found.map((object) => ({ ...object, apiVersion, kind }))))
    }
    await context.showRows(rows, [
      { heading: 'NAMESPACE', value: 'namespace' },
      { heading: 'KIND', value: 'kind' },
      { heading: 'NAME', value: 'name' },
      { heading: 'MARK', value: 'mark' },
      { heading: 'TOKEN', value: 'token' },
    ])
    return rows.some(({ kind }) => kind !== 'Pod') ? EXIT.NO : EXIT.YES
  },
}
