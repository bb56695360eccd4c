import { pathOf, textIn } from '../../connection/api.ts'
import { expiryFrom } from '../../duration.ts'
import { UsageError } from '../../terminal.ts'
import type { Verb } from '../verb.ts'

export const createExemption: Verb = {
  usage: 'create [id]',
  summary: 'Let an image run for a time, whatever the rules say',
  details: 'Of a pattern (as in a policy) or a digest (in whatever repository). It always ends, after at most 90 days.',
  examples: [
    'countersign exemptions create --digest sha256:02115bc7… --namespace trial --owner ann@example.com --reason "trial of 1.2" --expires-in 24h',
    'countersign exemptions create nginx-trial --pattern "registry.example/trial/nginx*" --owner ann@example.com --reason trial --expires-in 2h',
  ],
  options: [
    { flags: '--pattern <pattern>', summary: 'images whose text matches, such as registry.example/team/*' },
    { flags: '--digest <digest>', summary: 'the image with this digest: sha256:…' },
    { flags: '--namespace <namespace>', summary: 'only in this Kubernetes namespace (default: in all)' },
    { flags: '--owner <owner>', summary: 'who answers for it' },
    { flags: '--reason <reason>', summary: 'why it is needed' },
    { flags: '--expires-in <duration>', summary: 'how long it holds, such as 2h or 7d' },
  ],
  async run(context, given) {
    const [pattern, digest, namespace] = ['--pattern', '--digest', '--namespace'].map((flag) => given.text(flag))
    if ((pattern === undefined) === (digest === undefined)) throw new UsageError('Exactly one of --pattern and --digest is needed')
    const body = {
      ...(pattern === undefined ? { digest } : { pattern }),
      ...(namespace === undefined ? {} : { namespace }),
      owner: given.required('--owner'),
      reason: given.required('--reason'),
      expireTime: expiryFrom(given.required('--expires-in'), context.terminal.now()),
    }
    const query = { exemptionId: given.rest(0)[0] }
    const made = await (await context.api()).call('POST', pathOf('/countersign/v1', `projects/${context.project()}/exemptions`), { query, body })
    context.terminal.say(`Created exemption [${textIn(made, 'name')}]: it ends at ${textIn(made, 'expireTime')}.`)
    await context.showOne(made)
  },
}
