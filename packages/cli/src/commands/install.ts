import { formatYaml } from '@countersign/api/file/yaml.ts'
import { parsePolicyEnvelope } from '@countersign/core/policy/parse.ts'
import type { Policy } from '@countersign/core/policy/policy.ts'
import { pathOf } from '../connection/api.ts'
import { type Context, fullName } from '../context.ts'
import { admissionPolicyObjects } from '../install/admission-policy.ts'
import { DEFAULT_NAMESPACE, gatherInstallation } from '../install/gather-values.ts'
import { imagePolicyFiles } from '../install/image-policy-webhook.ts'
import { renderInstallation } from '../install/render.ts'
import type { Installation } from '../install/values.ts'
import { printable, UsageError } from '../terminal.ts'
import { connectionOf } from './clusters/connection-format.ts'
import type { Given } from './given.ts'
import { readPolicyFile } from './policy/read-file.ts'
import type { Verb } from './verb.ts'

export const install: Verb = {
  usage: 'install',
  summary: 'Print what an installation in a cluster is made of, for kubectl apply',
  details: [
    'By default a server with its gate, on one volume: apply it, register the cluster there, then apply it again with',
    '--cluster, which adds its webhook. With --upstream only gates, which follow a server elsewhere.',
    'The file in --values is that of the Helm chart; options go before it.',
  ].join('\n'),
  examples: [
    'countersign install --print | kubectl apply -f -',
    'countersign install --print --cluster us-central1.demo-cluster --project demo | kubectl apply -f -',
    'countersign install --print --upstream https://countersign.example:8080 --cluster us-central1.prod --project demo',
  ],
  options: [
    { flags: '--print', summary: 'print the objects: whether they are applied you decide' },
    { flags: '--namespace <namespace>', summary: 'where it is installed (default countersign-system)' },
    { flags: '--values <file>', summary: 'values as the Helm chart takes them' },
    { flags: '--image <image>', summary: 'the image of Countersign' },
    { flags: '--upstream <url>', summary: 'install gates that follow this server' },
    { flags: '--replicas <count>', summary: 'how many gates (default 2)' },
    { flags: '--storage <kind>', summary: 'volume (default), or emptyDir: what is on it is lost with its Pod' },
    { flags: '--certificates <source>', summary: 'who makes the webhook’s certificate: self (default) or cert-manager' },
    { flags: '--cluster <cluster>', summary: 'the registered cluster: the server is asked for its webhook’s path unless it is given' },
    { flags: '--webhook-path <path>', summary: 'path of the cluster’s webhook URL, at the Service of this installation' },
    { flags: '--webhook-url <url>', summary: 'the whole webhook URL, where API servers cannot reach a Service' },
    { flags: '--webhook-failure-policy <policy>', summary: 'what becomes of a Pod when no gate answers: Fail (default) or Ignore' },
    { flags: '--workloads <how>', summary: 'deny, warn or ignore, as the cluster is registered (default: as the server says, else ignore)' },
    { flags: '--on-premises', summary: 'use the names that the original has on premises' },
    {
      flags: '--admission-policy',
      summary: 'print a ValidatingAdmissionPolicy instead, made from the project’s policy: a last line behind a webhook that fails open',
    },
    { flags: '--policy <file>', summary: 'for --admission-policy: this policy instead of the project’s' },
    { flags: '--registry <prefix>', summary: 'for --admission-policy: attested images must begin with this (may be repeated)', kind: 'list' },
    { flags: '--image-policy-webhook', summary: 'print instead the files of an API server that asks by its ImagePolicyWebhook plugin' },
  ],
  async run(context, given) {
    if (!given.has('--print'))
      throw new UsageError('Nothing was installed: add --print', 'Then apply it: countersign install --print | kubectl apply -f -')
    if (given.has('--admission-policy')) return await printAdmissionPolicy(context, given)
    if (given.has('--image-policy-webhook')) return await printImagePolicyWebhook(context, given)
    const installation = await gatherInstallation(context, given)
    const objects = renderInstallation(installation)
    print(context, objects)
    advise(context, installation)
  },
}

function print({ terminal }: Context, objects: readonly object[]): void {
  terminal.write(printable(objects.map((object) => `---\n${formatYaml(object)}`).join('')))
}

async function printAdmissionPolicy(context: Context, given: Given): Promise<void> {
  const file = given.text('--policy')
  const cluster = given.text('--cluster')
  const policy = file === undefined ? await projectPolicy(context) : (await readPolicyFile(context.terminal, file)).envelope.policy
  const namespace = given.text('--namespace') ?? DEFAULT_NAMESPACE
  print(context, admissionPolicyObjects(policy, { namespace, registries: given.list('--registry'), ...(cluster === undefined ? {} : { cluster }) }))
  context.terminal.say('It is as old as the policy it was made from: print and apply it again when the policy changes, and with each exemption.')
}

async function projectPolicy(context: Context): Promise<Policy> {
  const tree = await (await context.api()).call('GET', pathOf('/v1', `projects/${context.project()}/policy`))
  const parsed = parsePolicyEnvelope(tree)
  if (parsed.ok) return parsed.value.policy
  throw new UsageError(`The project’s policy cannot be read: ${parsed.issues[0]?.message}`)
}

async function printImagePolicyWebhook(context: Context, given: Given): Promise<void> {
  const name = fullName(context, 'clusters', given.required('--cluster'))
  const connection = connectionOf(await (await context.api()).call('GET', pathOf('/countersign/v1', name)))
  if (connection.webhookUrl === '') throw new UsageError(`You may not see the webhook URL of "${name}"`, 'Ask somebody who may')
  const files = imagePolicyFiles(connection, given.text('--webhook-failure-policy') === 'Ignore' ? 'Ignore' : 'Fail')
  context.terminal.write(printable(files.map(({ path, content }) => `---\n# ${path}\n${formatYaml(content)}`).join('')))
  context.terminal.say(
    `Put each document into its file, then start kube-apiserver with --enable-admission-plugins=ImagePolicyWebhook --admission-control-config-file=${files[0]?.path}`,
  )
}

/** What the objects do not say of themselves. */
function advise({ terminal }: Context, { namespace, values }: Installation): void {
  const { mode, storage, webhook, names, upstream } = values
  if (storage.kind === 'emptyDir')
    terminal.say(
      mode === 'server'
        ? 'WARNING: With emptyDir the whole store is lost with its Pod: policies, attestations and the log.'
        : 'WARNING: With emptyDir the decisions that the server does not have yet are lost with a gate’s Pod.',
    )
  if (mode === 'gate')
    terminal.say(
      `The gates need the server’s token and authority: kubectl -n ${namespace} create secret generic ${upstream.secretName} --from-file=token --from-file=ca.crt`,
    )
  if (webhook.path === '' && webhook.url === '')
    terminal.say(
      'No webhook yet. Once the server runs:\n' +
        `  kubectl -n ${namespace} exec ${names.workload}-0 -- countersign projects create PROJECT\n` +
        `  kubectl -n ${namespace} exec ${names.workload}-0 -- countersign clusters register LOCATION.NAME --project PROJECT\n` +
        'then print and apply again with --webhook-path, the path of the URL that is printed.',
    )
}
