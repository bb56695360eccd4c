import type { KubernetesClient } from '@countersign/adapters/kubernetes/client.ts'
import { StatusError } from '@countersign/core/status.ts'
import { parseClusterKey } from '@countersign/core/name/resource-name.ts'
import { type Api, pathOf, textIn, type Tree } from '../connection/api.ts'
import { connectKubernetes, KUBECONFIG_OPTION } from '../connection/kubernetes.ts'
import type { Context } from '../context.ts'
import { checkClock, checkGates, checkPolicy, checkSystemImages } from '../doctor/check-policy.ts'
import { checkMarks } from '../doctor/check-marks.ts'
import { checkWebhook, entriesOf } from '../doctor/check-webhook.ts'
import { type Finding, fail, ok, warn } from '../doctor/finding.ts'
import { evaluateOnServer } from '../evaluation/on-server.ts'
import { EXIT, type ExitCode, printable, UsageError } from '../terminal.ts'
import { readMarks } from './break-glass/marks.ts'
import type { Verb } from './verb.ts'

/** Namespaces of Kubernetes itself. */
const SYSTEM = ['kube-system', 'kube-public', 'kube-node-lease']
const MOST = 5_000

export const doctor: Verb = {
  usage: 'doctor',
  summary: 'Look for what is usually wrong with a guarded cluster',
  details: [
    'Looks at the webhook, its certificate, whether it is reached, what goes past it, clocks, policy, gates and break-glass marks, and asks the policy about',
    'every Pod that runs in the namespaces of Kubernetes itself. Changes nothing.',
    'Exit codes: 0 nothing is broken · 1 something is · 3 Kubernetes or the server could not be asked.',
  ].join('\n'),
  examples: ['countersign doctor --cluster us-central1.prod --project demo', 'countersign doctor --cluster l.c --project demo -o json'],
  options: [
    { flags: '--cluster <cluster>', summary: 'the cluster as it is registered: LOCATION.NAME' },
    { flags: '--namespace <namespace>', summary: 'ask the policy about this namespace too', kind: 'list' },
    KUBECONFIG_OPTION,
  ],
  async run(context, given): Promise<ExitCode> {
    const cluster = given.required('--cluster')
    if (!parseClusterKey(cluster).ok) throw new UsageError(`Cluster "${cluster}" is not LOCATION.NAME`)
    const client = await connectKubernetes(context.terminal, given.text('--kubeconfig'))
    const findings = await examine(context, { client, cluster, namespaces: [...SYSTEM, ...given.list('--namespace')] })
    await show(context, findings)
    return findings.some(({ level }) => level === 'FAIL') ? EXIT.NO : EXIT.YES
  },
}

interface Patient {
  readonly client: KubernetesClient
  readonly cluster: string
  readonly namespaces: readonly string[]
}

async function examine(context: Context, { client, cluster, namespaces }: Patient): Promise<readonly Finding[]> {
  const { terminal } = context
  const [api, project] = [await context.api(), context.project()]
  const registered = await api.call('GET', pathOf('/countersign/v1', `projects/${project}/clusters/${cluster}`))
  const clusters = await api.list(pathOf('/countersign/v1', `projects/${project}/clusters`), 'clusters')
  const policy = await api.call('GET', pathOf('/v1', `projects/${project}/policy`))
  const status = await api.call('GET', pathOf('/countersign/v1', 'status'))
  const { servedAt } = await client.get('/version')
  const configurations = await client.list('/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations', MOST)
  const entries = entriesOf(configurations, URL.parse(textIn(registered, 'webhookUrl'))?.pathname ?? '')
  const now = terminal.now()
  return [
    ...checkWebhook(entries, await client.list('/api/v1/namespaces', MOST), now),
    ...(entries[0] === undefined ? [] : [await checkReach(context, client, entries[0])]),
    checkClock(servedAt, now),
    ...checkPolicy(policy, { cluster, known: clusters.map((one) => textIn(one, 'key')) }),
    checkGates(status),
    ...checkMarks(await readMarks(client)),
    ...(await checkPods(api, { client, cluster, namespaces }, project)),
  ]
}

/**
 * A webhook with a URL is asked from here, by the authorities that API servers hold. One behind a Service is asked through the
 * API server, which is the only one that can reach it.
 */
async function checkReach({ terminal }: Context, client: KubernetesClient, entry: Tree): Promise<Finding> {
  const [url, name] = [textIn(entry, 'clientConfig', 'url'), textIn(entry, 'clientConfig', 'service', 'name')]
  try {
    if (url === '') {
      const namespace = textIn(entry, 'clientConfig', 'service', 'namespace')
      await client.get(`/api/v1/namespaces/${namespace}/services/https:${name}:webhook/proxy/readyz`)
    } else {
      const ca = Buffer.from(textIn(entry, 'clientConfig', 'caBundle'), 'base64').toString('utf8')
      const answer = await terminal.send({ method: 'GET', url: new URL('/readyz', url).href, headers: {}, ca })
      if (answer.status !== 200) return fail('reachability', `${new URL(url).host} answers and is not ready`, 'countersign status')
    }
    return ok('reachability', `${url === '' ? `Service ${name}` : new URL(url).host} answers and is ready`)
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
    const { cause } = error
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : error.message
    const isCertificate = /CERT|SIGNATURE|ALTNAME|SELF_SIGNED|ISSUER/.test(reason)
    if (isCertificate)
      return fail('certificate', `The caBundle does not fit what the webhook shows: ${reason}`, 'countersign certificates rotate, or apply anew')
    if (error.code === 'PERMISSION_DENIED') return warn('reachability', error.message, 'Run doctor as somebody who may reach Services')
    return fail('reachability', `The webhook does not answer: ${reason}`, 'kubectl get pods -n countersign-system')
  }
}

async function checkPods(api: Api, { client, cluster, namespaces }: Patient, project: string): Promise<readonly Finding[]> {
  const subjects: { readonly source: string; readonly resource: unknown }[] = []
  const seen = new Set<string>()
  for (const namespace of namespaces) {
    for (const pod of await client.list(`/api/v1/namespaces/${namespace}/pods`, MOST)) {
      const { metadata, spec } = pod as { readonly metadata?: { readonly namespace?: string }; readonly spec?: Tree }
      // The Pods of one workload are judged alike.
      const what = JSON.stringify([namespace, spec?.['serviceAccountName'], imagesOf(spec)])
      if (seen.has(what)) continue
      seen.add(what)
      // A label of a running Pod must not excuse its images here.
      const resource = { apiVersion: 'v1', kind: 'Pod', metadata: { name: textIn(pod, 'metadata', 'name'), namespace: metadata?.namespace }, spec }
      subjects.push({ source: namespace, resource })
    }
  }
  return checkSystemImages(await evaluateOnServer(api, project, { subjects, place: { cluster } }), project)
}

function imagesOf(spec: Tree | undefined): unknown {
  const lists = ['containers', 'initContainers', 'ephemeralContainers'].map((member) => spec?.[member])
  return lists.map((list) => (Array.isArray(list) ? list.map((container) => textIn(container, 'image')) : []))
}

async function show(context: Context, findings: readonly Finding[]): Promise<void> {
  await context.showPlainRows(findings, [
    { heading: 'LEVEL', value: 'level' },
    { heading: 'CHECK', value: 'check' },
    { heading: 'FINDING', value: 'finding' },
  ])
  if (context.format('table').kind !== 'table') return
  const todo = findings.flatMap(({ level, finding, fix }) => (level === 'OK' || fix === undefined ? [] : [`${finding}:\n  ${fix}`]))
  if (todo.length > 0) context.terminal.write(printable(`\n${todo.join('\n')}\n`))
}
