import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runCli } from '../harness/cli.ts'
import { missingControlPlane } from './control-plane.ts'
import { CLUSTER } from './guarded-cluster.ts'
import { installCluster, startGate } from './install-cluster.ts'
import { expectOutput } from './kubectl.ts'
import { pod } from './objects.ts'
import { DENY_ALL } from './policies.ts'
import { until } from './until.ts'

const skip = missingControlPlane()
const DIGEST = `sha256:${'ab'.repeat(32)}`

interface Row {
  readonly check: string
  readonly level: string
  readonly finding: string
  readonly fix?: string
}

test('doctor finds what is wrong with a guarded cluster, and names each system image with the pattern to add', { skip }, async (t) => {
  const { kubectl, plane, tryPod } = await installCluster()
  const gate = await startGate('examined')
  t.after(gate.stop)
  const doctor = async (): Promise<{ readonly code: number; readonly rows: readonly Row[]; readonly wrong: readonly string[] }> => {
    const args = ['doctor', '--cluster', CLUSTER, '--project', gate.project, '-o', 'json']
    const { code, stdout, stderr } = await runCli(args, { env: { ...gate.env, KUBECONFIG: plane.kubeconfig } })
    const rows = stdout === '' ? [] : (JSON.parse(stdout) as Row[])
    return { code, rows, wrong: rows.length === 0 ? [stderr] : rows.flatMap(({ level, finding }) => (level === 'OK' ? [] : [`${level} ${finding}`])) }
  }

  for (const [name, image] of Object.entries({ proxy: 'registry.example/kube-proxy:v1', dns: `registry.example/dns@${DIGEST}` }))
    await expectOutput(kubectl(['-n', 'kube-system', 'apply', '-f', '-'], pod(name, image)))
  const unguarded = await doctor()
  assert.deepEqual([unguarded.code, unguarded.wrong[0]], [1, 'FAIL No webhook of this cluster asks about it: nothing is guarded'])
  const asked = ['clusters', 'describe', CLUSTER, '--project', gate.project, '--webhook-configuration']
  await expectOutput(kubectl(['apply', '-f', '-'], await gate.countersign(asked)))
  await until('the webhook to be asked', async () => ((await tryPod('probe')).body.includes('denied the request') ? true : undefined))

  const refused = await doctor()
  assert.equal(refused.code, 1)
  assert.deepEqual(
    refused.rows.filter(({ level }) => level !== 'OK'),
    [`registry.example/dns@${DIGEST} registry.example/dns@*`, 'registry.example/kube-proxy:v1 registry.example/kube-proxy:*'].map((pair) => {
      const [image, pattern] = pair.split(' ')
      const fix = `Add the pattern ${pattern}: countersign policy export --project examined`
      return { check: 'system images', level: 'FAIL', finding: `${image} runs and would be refused at its next start`, fix }
    }),
  )

  const admissionWhitelistPatterns = [{ namePattern: 'registry.example/dns@*' }, { namePattern: 'registry.example/kube-proxy:*' }]
  await gate.setPolicy({ ...DENY_ALL, admissionWhitelistPatterns })
  assert.deepEqual(await doctor().then(({ code, wrong }) => [code, wrong]), [0, []])

  const change = (operations: readonly object[]) =>
    expectOutput(kubectl(['patch', 'validatingwebhookconfiguration', 'countersign', '--type=json', '-p', JSON.stringify(operations)]))
  const notTenant = { matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['default'] }] }
  await change([
    { op: 'replace', path: '/webhooks/0/failurePolicy', value: 'Ignore' },
    { op: 'replace', path: '/webhooks/0/namespaceSelector', value: notTenant },
    { op: 'replace', path: '/webhooks/0/rules/0/resources', value: ['pods'] },
    { op: 'replace', path: '/webhooks/0/objectSelector', value: { matchLabels: { guarded: 'yes' } } },
  ])
  assert.deepEqual(await doctor().then(({ code, wrong }) => [code, wrong]), [
    1,
    [
      'WARN imagepolicywebhook.image-policy.k8s.io fails open: whatever stops the gate lets every image in',
      'FAIL Not asked about: pods/ephemeralcontainers UPDATE',
      'WARN imagepolicywebhook.image-policy.k8s.io does not see every Pod: whoever makes one chooses its labels',
      'WARN Not guarded: default',
    ],
  ])

  await expectOutput(kubectl(['delete', 'validatingwebhookconfiguration', 'countersign']))
  const printed = await gate.countersign(asked)
  const foreign = Buffer.from(plane.client.agent.options.ca as string).toString('base64')
  await expectOutput(kubectl(['apply', '-f', '-'], printed.replaceAll(/caBundle: .*/g, `caBundle: ${foreign}`)))
  // The test's own authority ends in two days, which is told as well.
  const ends = (await doctor()).wrong.map((line) => line.split(':')[0])
  assert.deepEqual([ends.length, ends.at(-1)], [4, 'FAIL The caBundle does not fit what the webhook shows'])
  await expectOutput(kubectl(['delete', 'validatingwebhookconfiguration', 'countersign']))

  await gate.stop()
  const silent = await doctor()
  assert.equal(silent.code, 3)
  await expectOutput(kubectl(['-n', 'kube-system', 'delete', 'pod', 'proxy', 'dns']))
})
