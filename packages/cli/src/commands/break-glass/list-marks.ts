import { connectKubernetes, KUBECONFIG_OPTION } from '../../connection/kubernetes.ts'
import { EXIT, type ExitCode } from '../../terminal.ts'
import type { Verb } from '../verb.ts'
import { readMarks } from './marks.ts'

export const listMarks: Verb = {
  usage: 'list-marks',
  summary: 'List the break-glass marks that stand in Pods and templates of a cluster: each lets in whatever comes, until somebody removes it',
  details: 'Exit code 1 where a template carries one.',
  examples: ['countersign break-glass list-marks --kubeconfig ~/.kube/config'],
  options: [{ flags: '--namespace <namespace>', summary: 'of this namespace only' }, KUBECONFIG_OPTION],
  async run(context, given): Promise<ExitCode> {
    const client = await connectKubernetes(context.terminal, given.text('--kubeconfig'))
    const rows = await readMarks(client, given.text('--namespace'))
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
