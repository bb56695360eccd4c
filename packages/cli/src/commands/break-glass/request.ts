import { pathOf } from '../../connection/api.ts'
import { expiryFrom } from '../../duration.ts'
import { shortName } from '../../context.ts'
import { UsageError } from '../../terminal.ts'
import type { Verb } from '../verb.ts'

export const requestGrant: Verb = {
  usage: 'request',
  summary: 'Ask for a token that lets images run whatever the policy says, in one namespace or workload and for some minutes',
  details:
    'Somebody else must approve it; its minutes count from then on. One for when the centre is down is asked for in advance, for up to 90 days.',
  examples: [
    'countersign break-glass request --cluster eu.prod --namespace shop --image "registry.example/shop/*" --for 30m --justification "INC-42: checkout is down"',
  ],
  options: [
    { flags: '--cluster <cluster>', summary: 'LOCATION.NAME, as registered' },
    { flags: '--namespace <namespace>', summary: 'the one namespace where it counts' },
    { flags: '--image <pattern>', summary: 'images of a repository, as a pattern of a policy' },
    { flags: '--digest <digest>', summary: 'or the one image with this digest: sha256:…' },
    { flags: '--workload <workload>', summary: 'for this one and its Pods alone: apps/v1/Deployment/web' },
    { flags: '--for <duration>', summary: 'how long it counts, such as 30m' },
    { flags: '--justification <text>', summary: 'why; it stands in the log' },
  ],
  async run(context, given) {
    const [pattern, digest] = [given.text('--image'), given.text('--digest')]
    if ((pattern === undefined) === (digest === undefined)) throw new UsageError('Exactly one of --image and --digest is needed')
    const workload = given.text('--workload')
    const body = {
      cluster: given.required('--cluster'),
      namespace: given.required('--namespace'),
      ...(pattern === undefined ? { digest } : { pattern }),
      ...(workload === undefined ? {} : { workload }),
      lifetime: `${Date.parse(expiryFrom(given.required('--for'), 0)) / 1000}s`,
      justification: given.required('--justification'),
    }
    const made = await (await context.api()).call('POST', pathOf('/countersign/v1', `projects/${context.project()}/breakGlassGrants`), { body })
    context.terminal.say(`Asked for grant [${shortName(made)}]. Somebody else approves it with:`)
    context.terminal.say(`  countersign break-glass approve ${shortName(made)} --project ${context.project()}`)
    await context.showOne(made)
  },
}
