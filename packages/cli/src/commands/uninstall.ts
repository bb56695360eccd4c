import { connectKubernetes, KUBECONFIG_OPTION } from '../connection/kubernetes.ts'
import { findInstalled, type Installed } from '../install/remove.ts'
import { EXIT, type ExitCode, printable } from '../terminal.ts'
import type { Verb } from './verb.ts'

export const uninstall: Verb = {
  usage: 'uninstall',
  summary: 'Remove an installation from a cluster: first the webhook configuration, so that no Pod waits for a gate that is gone',
  details: [
    'What is removed bears the labels of the installation. The namespace stays, and in it the volumes with the store or the spools,',
    'and what you put there yourself, unless --delete-namespace is given. The webhook that pins tags is none of it, where you applied it:',
    'kubectl delete mutatingwebhookconfiguration countersign-pinning',
  ].join('\n'),
  examples: ['countersign uninstall', 'countersign uninstall --namespace binauthz-system --delete-namespace'],
  options: [
    { flags: '--namespace <namespace>', summary: 'of the installation (default countersign-system)' },
    { flags: '--delete-namespace', summary: 'remove the namespace too, with the store, the log and every spool in it' },
    KUBECONFIG_OPTION,
  ],
  async run(context, given): Promise<ExitCode> {
    const { terminal } = context
    const namespace = given.text('--namespace') ?? 'countersign-system'
    const client = await connectKubernetes(terminal, given.text('--kubeconfig'))
    const found = await findInstalled(client, namespace)
    // A namespace in which nothing is installed is somebody else's.
    if (found.length === 0) {
      terminal.say(`Nothing is installed in namespace "${namespace}".`)
      return EXIT.YES
    }
    const last: Installed = { kind: 'Namespace', name: namespace, path: `/api/v1/namespaces/${namespace}` }
    const doomed = given.has('--delete-namespace') ? [...found, last] : found
    terminal.write(printable(doomed.map(({ kind, name }) => `${kind}/${name}\n`).join('')))
    await context.confirm(`Remove these ${doomed.length} objects? Whatever may run may run without a signature then.`)
    for (const { path } of doomed) await client.remove(path)
    terminal.say(`Removed ${doomed.length} objects.`)
    return EXIT.YES
  },
}
