import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { runCli } from '../harness/cli.ts'
import { tempFolder } from '../harness/temp-folder.ts'
import { callApi } from './api-client.ts'
import { missingControlPlane } from './control-plane.ts'
import { type InstallCluster, installCluster, startGate } from './install-cluster.ts'
import { expectOutput } from './kubectl.ts'
import { ALLOW_ALL } from './policies.ts'
import { until } from './until.ts'

const skip = missingControlPlane()
const NAMESPACE = 'countersign-system'
const SERVED = `/api/v1/namespaces/${NAMESPACE}/secrets/countersign-webhook-tls`
const WEBHOOK = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/countersign'

test('an authority is replaced under a steady stream of Pods, and no admission fails', { skip }, async (t) => {
  const cluster = await installCluster()
  const { kubectl, countersign, tryPod } = cluster
  const folder = tempFolder()

  // All files share one control plane: the next one must find no webhook of this one.
  t.after(() => countersign(['uninstall', '--quiet']))
  // The installation's own rights are what its keeper has here. Its certificate must be there before the gate is.
  await expectOutput(kubectl(['apply', '-f', '-'], await countersign(['install', '--print', '--storage', 'emptyDir'])))
  const keep = await makeKeeper(cluster, folder)
  await keep()
  await bringSecret(cluster, folder)
  const files = ['tls.crt', 'tls.key', 'ca.crt'].map((name) => join(folder, name))
  const flags = ['--webhook-tls-cert', '--webhook-tls-key', '--webhook-tls-ca']
  const gate = await startGate(
    'rotation',
    flags.flatMap((flag, index) => [flag, files[index] ?? '']),
  )
  t.after(gate.stop)
  await gate.setPolicy(ALLOW_ALL)
  const withWebhook = ['install', '--print', '--storage', 'emptyDir', '--webhook-url', gate.webhookUrl]
  await expectOutput(kubectl(['apply', '-f', '-'], await countersign(withWebhook)))
  await keep()
  await until('the webhook to be trusted', async () => ((await tryPod('probe')).status === 201 ? true : undefined))

  const stream = { made: 0, failures: [] as string[], goesOn: true }
  const streaming = streamPods(cluster, stream)
  const first = readFileSync(join(folder, 'tls.crt'), 'utf8')
  const seen = [await countAuthorities(cluster)]
  try {
    await countersign(['certificates', 'rotate'])
    const look = async () => {
      await keep()
      await bringSecret(cluster, folder)
      const count = await countAuthorities(cluster)
      if (count !== seen.at(-1)) seen.push(count)
      return seen.length === 3 ? true : undefined
    }
    await until('the rotation to end', look, 90_000)
    const { made } = stream
    await until('Pods after the rotation', async () => (stream.made > made + 20 ? true : undefined))
  } finally {
    stream.goesOn = false
    await streaming
  }

  assert.deepEqual(stream.failures, [])
  assert.ok(stream.made > 100, `only ${stream.made} Pods were made`)
  assert.deepEqual(seen, [1, 2, 1])
  const shown = new X509Certificate(readFileSync(join(folder, 'tls.crt')))
  assert.notEqual(shown.toString(), first)
  assert.ok(shown.verify(new X509Certificate(readFileSync(join(folder, 'ca.crt'))).publicKey))
  // The server looks at its files every two seconds.
  const authority = readFileSync(join(folder, 'ca.crt'), 'utf8').trim()
  await until('who registers a cluster to be told of the new authority', async () => {
    const told = await gate.countersign(['clusters', 'describe', 'test.cluster', '--project', 'rotation', '--format', 'value(caBundle)'])
    return told.trim() === authority ? true : undefined
  })
})

/** `countersign certificates keep --once` as the service account that the installation made for it. */
async function makeKeeper({ kubectl, plane }: InstallCluster, folder: string): Promise<() => Promise<void>> {
  const token = (await expectOutput(kubectl(['-n', NAMESPACE, 'create', 'token', 'countersign-certificates']))).trim()
  const admin = JSON.parse(readFileSync(plane.kubeconfig, 'utf8')) as object
  const kubeconfig = join(folder, 'keeper.kubeconfig')
  writeFileSync(kubeconfig, JSON.stringify({ ...admin, users: [{ name: 'test', user: { token } }] }), { mode: 0o600 })
  // One holder, who comes again and again.
  const env = { KUBECONFIG: kubeconfig }
  const args = ['certificates', 'keep', '--once', '--namespace', NAMESPACE, '--hostname', '127.0.0.1', '--settle', '4', '--holder', 'keeper']
  return async () => {
    const { code, stderr } = await runCli(args, { env })
    assert.equal(code, 0, stderr)
  }
}

/** What a kubelet does with a Secret's volume. The key is written last: until then the pair does not belong together. */
async function bringSecret({ plane }: InstallCluster, folder: string): Promise<void> {
  const { data } = JSON.parse((await callApi(plane.client, 'GET', SERVED)).body) as { data: Record<string, string> }
  for (const name of ['ca.crt', 'tls.crt', 'tls.key']) writeFileSync(join(folder, name), Buffer.from(data[name] ?? '', 'base64'))
}

async function countAuthorities({ plane }: InstallCluster): Promise<number> {
  const { webhooks } = JSON.parse((await callApi(plane.client, 'GET', WEBHOOK)).body) as { webhooks: { clientConfig: { caBundle: string } }[] }
  const bundle = Buffer.from(webhooks[0]?.clientConfig.caBundle ?? '', 'base64').toString()
  return bundle.split('BEGIN CERTIFICATE').length - 1
}

async function streamPods({ tryPod }: InstallCluster, stream: { made: number; failures: string[]; goesOn: boolean }): Promise<void> {
  while (stream.goesOn) {
    const { status, body } = await tryPod(`pod-${stream.made++}`)
    if (status !== 201) stream.failures.push(body)
  }
}
