import { ROTATE_ANNOTATION, secretPath } from '../../certificates/authority-secret.ts'
import { connectKubernetes, KUBECONFIG_OPTION } from '../../connection/kubernetes.ts'
import type { Verb } from '../verb.ts'

export const rotateCertificates: Verb = {
  usage: 'rotate',
  summary: 'Ask for a new authority: it replaces the old one without a gap, in the course of half an hour',
  details:
    'The webhook that pins tags is told by nobody, where you applied it: print and apply it again, with clusters describe --pinning-configuration,\n' +
    'once the next authority is in the bundle and once the old one has left. Until then tags are not pinned.',
  examples: ['countersign certificates rotate', 'countersign certificates rotate --namespace binauthz-system --authority-secret binauthz-authority'],
  options: [
    { flags: '--namespace <namespace>', summary: 'of the installation (default countersign-system)' },
    { flags: '--authority-secret <name>', summary: 'Secret of the authority (default countersign-authority)' },
    KUBECONFIG_OPTION,
  ],
  async run({ terminal }, given) {
    const place = { namespace: given.text('--namespace') ?? 'countersign-system', name: given.text('--authority-secret') ?? 'countersign-authority' }
    const client = await connectKubernetes(terminal, given.text('--kubeconfig'))
    const { object: secret } = await client.get(secretPath(place))
    const metadata = secret['metadata'] as { readonly annotations?: object }
    const annotations = { ...metadata.annotations, [ROTATE_ANNOTATION]: 'true' }
    await client.replace(secretPath(place), { ...secret, metadata: { ...metadata, annotations } })
    terminal.say('Asked for a new authority. Its progress stands in the log of the Deployment that keeps the certificates.')
  },
}
