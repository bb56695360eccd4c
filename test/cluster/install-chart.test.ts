import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { parseYamlDocuments } from '@countersign/api/file/yaml.ts'
import { findClusterPart } from '../../tools/cluster-parts.mjs'
import { runCli } from '../harness/cli.ts'
import { tempFolder } from '../harness/temp-folder.ts'
import { CHART, runHelm } from './helm.ts'

const skip = findClusterPart('helm') === undefined ? 'helm is not built (npm run test:cluster builds it)' : false
const PATH = '/v1/webhook/segment'
const GATE = { mode: 'gate', cluster: 'us-central1.prod', project: 'demo', upstream: { url: 'https://countersign.example:8080' } }
const ON_PREMISES = {
  base: 'binauthz',
  service: 'binauthz',
  workload: 'binauthz-module-deployment',
  serviceAccount: 'binauthz-agent',
  webhookConfiguration: 'binauthz-validating-webhook-configuration',
}

const CASES: Readonly<Record<string, object>> = {
  'the defaults': {},
  'a server with its webhook': { webhook: { path: PATH, workloads: 'deny' } },
  'a server without a volume': { storage: { kind: 'emptyDir' }, createNamespace: true, networkPolicy: { enabled: false } },
  'gates by Service': { ...GATE, replicas: 3, webhook: { path: PATH, failurePolicy: 'Ignore', timeoutSeconds: 3 } },
  'gates that Prometheus asks': { ...GATE, metrics: { serviceMonitor: true }, webhook: { path: PATH } },
  'gates that write Events': { ...GATE, breakGlass: { events: true }, webhook: { path: PATH } },
  'a server that writes Events': { breakGlass: { events: true }, metrics: { serviceMonitor: true } },
  'a server that Prometheus asks': { metrics: { serviceMonitor: true } },
  'one gate by URL': { ...GATE, replicas: 1, webhook: { url: `https://gate.example:8443${PATH}`, caBundle: 'Q0E=' } },
  'gates with cert-manager': { ...GATE, certificates: { source: 'cert-manager' }, webhook: { path: PATH } },
  'gates with the names of the original on premises': {
    ...GATE,
    names: ON_PREMISES,
    webhook: { path: PATH, name: 'binaryauthorization.googleapis.com' },
  },
  'whatever Kubernetes knows better': {
    ...GATE,
    image: 'registry.example/countersign@sha256:00',
    imagePullPolicy: 'Always',
    storage: { size: '1Gi', className: 'fast' },
    resources: { limits: { memory: '2Gi', 'example.com/key': 1 } },
    tolerations: [{ key: 'dedicated', operator: 'Exists' }],
    nodeSelector: { 'node-role.kubernetes.io/control-plane': '' },
    networkPolicy: { from: [{ ipBlock: { cidr: '10.0.0.0/8' } }] },
  },
}

/** Every object by what it is, so that neither order nor spelling matters. */
function readObjects(text: string): Readonly<Record<string, unknown>> {
  const parsed = parseYamlDocuments(text)
  assert.ok(parsed.ok, JSON.stringify(parsed))
  const trees = parsed.value.flatMap(({ tree }) => (tree === undefined ? [] : [tree as { kind: string; metadata: { name: string } }]))
  return Object.fromEntries(trees.map((tree) => [`${tree.kind}/${tree.metadata.name}`, tree]))
}

describe('the chart renders what install --print renders', { skip }, () => {
  for (const [name, values] of Object.entries(CASES)) {
    test(`of ${name}`, async () => {
      const file = join(tempFolder(), 'values.json')
      // The one default that differs: Helm makes namespaces by itself.
      writeFileSync(file, JSON.stringify({ createNamespace: false, ...values }))
      const chart = await runHelm(['template', 'release', CHART, '--namespace', 'guarded', '--no-hooks', '--values', file])
      const { code, stdout, stderr } = await runCli(['install', '--print', '--namespace', 'guarded', '--values', file])
      assert.equal(code, 0, stderr)
      assert.deepEqual(readObjects(chart), readObjects(stdout))
    })
  }

  test('and what it starts knows every argument', async () => {
    for (const options of [[], ['--upstream', 'https://countersign.example:8080', '--cluster', 'l.c', '--project', 'demo', '--webhook-path', PATH]]) {
      const { stdout } = await runCli(['install', '--print', ...options])
      const containers = Object.values(readObjects(stdout)).flatMap((object) => {
        const { spec } = object as { spec?: { template?: { spec: { containers: { args: string[] }[] } } } }
        return spec?.template?.spec.containers ?? []
      })
      assert.equal(containers.length, 2)
      for (const { args } of containers) {
        // Nothing of what they name is here, so they cannot start; but they have understood what they shall do.
        const here = args.map((arg) => (arg.startsWith('--data=') ? `--data=${tempFolder()}` : arg))
        const { code, stderr } = await runCli(here.includes('keep') ? [...here, '--kubeconfig=/gone'] : here)
        assert.doesNotMatch(stderr, /unknown|Unknown|--help/)
        assert.ok(code === 3 || stderr.includes('/gone'), `${args.join(' ')}: ${code} ${stderr}`)
      }
    }
  })

  test('and neither takes a value that the other refuses', async () => {
    const wrong = [
      { mod: 'gate' },
      { replicas: 0 },
      { webhook: { failurePolicy: 'fail' } },
      { webhook: { path: '/elsewhere' } },
      { mode: 'gate' },
      { names: { base: 'A b' } },
      { upstream: { url: 1 } },
    ]
    for (const values of wrong) {
      const file = join(tempFolder(), 'values.json')
      writeFileSync(file, JSON.stringify(values))
      await assert.rejects(runHelm(['template', 'release', CHART, '--values', file]), /values don't meet the specifications/)
      assert.equal((await runCli(['install', '--print', '--values', file])).code, 2, JSON.stringify(values))
    }
  })
})
