import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { tempFolder } from '../harness/temp-folder.ts'
import { watchApi } from './api-client.ts'
import { missingControlPlane } from './control-plane.ts'
import { CHART, runHelm } from './helm.ts'
import { type InstallCluster, installCluster, startGate } from './install-cluster.ts'
import { expectOutput } from './kubectl.ts'
import { ALLOW_ALL, DENY_ALL } from './policies.ts'
import { until } from './until.ts'

const skip = missingControlPlane()
const NAMESPACE = 'countersign-system'
const PATH = '/v1/webhook/segment'
const GATE = ['--upstream', 'https://countersign.example:8080', '--cluster', 'l.c', '--project', 'demo', '--webhook-path', PATH]

const SHAPES: Readonly<Record<string, readonly string[]>> = {
  'a server': [],
  'a server with its webhook': ['--webhook-path', PATH, '--workloads', 'deny'],
  gates: GATE,
  'gates that write Events': [...GATE, '--values', valuesFile({ breakGlass: { events: true } })],
  'gates without volumes, by the names of the original on premises': [...GATE, '--storage', 'emptyDir', '--on-premises'],
}

for (const [name, options] of Object.entries(SHAPES)) {
  test(`the API server accepts every object of ${name}, and knows every field`, { skip }, async () => {
    const { kubectl, countersign } = await installCluster()
    const namespace = `shape-${Object.keys(SHAPES).indexOf(name)}`
    await expectOutput(kubectl(['create', 'namespace', namespace]))
    const printed = await countersign(['install', '--print', '--namespace', namespace, ...options])
    const { code, stderr } = await kubectl(['apply', '--dry-run=server', '--validate=strict', '-f', '-'], printed)
    assert.deepEqual([code, stderr.replace(/^Warning: resource namespaces\/.*\n/, '')], [0, ''])
  })
}

function valuesFile(values: object): string {
  const file = join(tempFolder(), 'values.json')
  writeFileSync(file, JSON.stringify(values))
  return file
}

/** Waits until the webhook is asked; gives what it said. */
function untilDenied({ tryPod }: InstallCluster): Promise<string> {
  return until('the webhook to be asked', async () => {
    const { body } = await tryPod('probe')
    return body.includes('denied the request') ? body : undefined
  })
}

function untilAdmitted({ tryPod }: InstallCluster): Promise<true> {
  return until('Pods to be admitted', async () => ((await tryPod('probe')).status === 201 ? true : undefined))
}

/** When the first object below a path was deleted, in the order that the API server gives to all that happens. */
async function untilDeleted({ plane }: InstallCluster, path: string): Promise<number> {
  const deadline = AbortSignal.timeout(60_000)
  for await (const event of watchApi(plane.client, `${path}?watch=true`, deadline)) {
    const { type, object } = event as { type: string; object: { metadata: { resourceVersion: string } } }
    if (type === 'DELETED') return Number(object.metadata.resourceVersion)
  }
  throw new Error(`Nothing of ${path} was deleted`)
}

test('the printed files make the ImagePolicyWebhook plugin ask us', { skip }, async () => {
  const { tryPod, setReviewPolicy, kubectl } = await installCluster()
  await expectOutput(kubectl(['create', 'namespace', 'reviewed']))
  await setReviewPolicy({ ...ALLOW_ALL, kubernetesNamespaceAdmissionRules: { reviewed: DENY_ALL['defaultAdmissionRule'] } })
  const refused = await until('the plugin to refuse', async () => {
    const { body } = await tryPod('any', 'reviewed')
    return body.includes('image policy webhook backend') ? body : undefined
  })
  assert.match(refused, /denied one or more images: Denied by namespace admission rule for reviewed\. Overridden by evaluation mode/)
  assert.equal((await tryPod('any')).status, 201)
})

test('installed by kubectl it guards everything but its own namespace; uninstalled, with the gate already dead, it leaves a working cluster', {
  skip,
}, async () => {
  const cluster = await installCluster()
  const { kubectl, countersign, tryPod } = cluster
  const gate = await startGate('by-kubectl')
  await expectOutput(kubectl(['apply', '-f', '-'], await countersign(['install', '--print', '--values', valuesFile(gate.values)])))
  assert.match(await untilDenied(cluster), /denied by Binary Authorization default admission rule/)

  // Its own Pods come up, and keep to Pod Security's strictest profile.
  await expectOutput(kubectl(['-n', NAMESPACE, 'rollout', 'status', 'statefulset/countersign', '--timeout=60s']))
  await expectOutput(kubectl(['-n', NAMESPACE, 'rollout', 'status', 'deployment/countersign-certificates', '--timeout=60s']))

  // A tenant who labels his namespace as ours stays guarded: the API server gives that label itself.
  const tenant = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'tenant', labels: { 'kubernetes.io/metadata.name': NAMESPACE } } }
  await expectOutput(kubectl(['apply', '-f', '-'], tenant))
  await until('the default service account', async () => ((await tryPod('any', 'tenant')).body.includes('no API token') ? undefined : true))
  assert.match((await tryPod('any', 'tenant')).body, /denied the request/)

  // What nodes cannot do without comes up while no gate answers, and is judged while one does.
  const critical = (name: string, priorityClassName: string) => ({
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name, namespace: 'kube-system' },
    spec: {
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { priorityClassName, containers: [{ name: 'app', image: 'registry.example/cni:1' }] } },
    },
  })
  await expectOutput(kubectl(['apply', '-f', '-'], critical('judged', 'system-node-critical')))
  const events = ['-n', 'kube-system', 'get', 'events', '-o', 'jsonpath={.items[*].message}']
  await until('the DaemonSet to be refused', async () =>
    (await expectOutput(kubectl(events))).includes('webhook "node-critical.imagepolicywebhook.image-policy.k8s.io" denied the request')
      ? true
      : undefined,
  )
  await gate.stop()
  await expectOutput(kubectl(['apply', '-f', '-'], critical('network', 'system-node-critical')))
  await expectOutput(kubectl(['apply', '-f', '-'], critical('other', 'system-cluster-critical')))
  await expectOutput(kubectl(['-n', 'kube-system', 'rollout', 'status', 'daemonset/network', '--timeout=60s']))
  await until('the other one to fail', async () => ((await expectOutput(kubectl(events))).includes('connection refused') ? true : undefined))
  assert.equal(await expectOutput(kubectl(['-n', 'kube-system', 'get', 'pods', '-l', 'app=other', '-o', 'name'])), '')
  assert.equal((await tryPod('any')).status, 500)

  const removed = await countersign(['uninstall', '--quiet'])
  assert.match(removed, /^ValidatingWebhookConfiguration\/countersign\n/)
  await untilAdmitted(cluster)
  const left = ['validatingwebhookconfigurations,clusterroles,clusterrolebindings,all,secrets,roles,rolebindings,serviceaccounts']
  assert.equal(await expectOutput(kubectl(['-n', NAMESPACE, 'get', ...left, '-l', 'app.kubernetes.io/part-of=countersign', '-o', 'name'])), '')
  await expectOutput(kubectl(['delete', 'daemonset', '-n', 'kube-system', 'judged', 'network', 'other']))
})

test('installed by helm likewise; helm uninstall removes the webhook first, and leaves a working cluster', { skip }, async () => {
  const cluster = await installCluster()
  const { kubectl, plane, tryPod } = cluster
  const gate = await startGate('by-helm')
  const helm = (...args: readonly string[]) => runHelm([...args, '--namespace', 'by-helm'], { kubeconfig: plane.kubeconfig })
  const notes = await helm('install', 'release', CHART, '--create-namespace', '--values', valuesFile(gate.values))
  assert.match(notes, /The gates wait for Secret countersign-upstream/)
  await untilDenied(cluster)
  await expectOutput(kubectl(['-n', 'by-helm', 'rollout', 'status', 'statefulset/countersign', '--timeout=60s']))
  await helm('upgrade', 'release', CHART, '--values', valuesFile(gate.values), '--set', 'replicas=3')

  await gate.stop()
  assert.equal((await tryPod('any')).status, 500)
  const webhookGone = untilDeleted(cluster, '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations')
  const gatesGone = untilDeleted(cluster, '/apis/apps/v1/namespaces/by-helm/statefulsets')
  await helm('uninstall', 'release', '--wait')
  await untilAdmitted(cluster)
  assert.ok((await webhookGone) < (await gatesGone))
  const left = ['validatingwebhookconfigurations,clusterroles,clusterrolebindings,all,roles,rolebindings,serviceaccounts']
  assert.equal(await expectOutput(kubectl(['-n', 'by-helm', 'get', ...left, '-l', 'app.kubernetes.io/part-of=countersign', '-o', 'name'])), '')
})
