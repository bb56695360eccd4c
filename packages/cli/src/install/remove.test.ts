import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeFakeKubernetes } from '@countersign/adapters/testing/fake-kubernetes.ts'
import { runInMemory } from '../testing/memory-terminal.ts'

const named = (name: string) => ({ metadata: { name } })
const ADMISSION = '/apis/admissionregistration.k8s.io/v1'
const kubeconfig = JSON.stringify({
  'current-context': 'c',
  contexts: [{ name: 'c', context: { cluster: 'k' } }],
  clusters: [{ name: 'k', cluster: { server: 'https://api.example' } }],
})

function start() {
  const fake = makeFakeKubernetes({
    '/api/v1/namespaces/cs': named('cs'),
    '/apis/apps/v1/namespaces/cs/statefulsets/gate': named('gate'),
    [`${ADMISSION}/validatingwebhookconfigurations/countersign`]: named('countersign'),
    [`${ADMISSION}/validatingadmissionpolicies/last`]: named('last'),
  })
  const run = (...argv: readonly string[]) =>
    runInMemory(['uninstall', '--namespace', 'cs', ...argv], { send: fake.send, files: { '/kube': kubeconfig }, env: { KUBECONFIG: '/kube' } })
  return { fake, run, removed: () => fake.requests.filter(({ method }) => method === 'DELETE').map(({ url }) => url.split('/').at(-1)) }
}

test('the webhook configuration goes first, and the namespace stays with its volumes', async () => {
  const { run, removed, fake } = start()
  const ended = await run()
  assert.deepEqual(ended, {
    exit: 0,
    stdout: 'ValidatingWebhookConfiguration/countersign\nValidatingAdmissionPolicy/last\nStatefulSet/gate\n',
    stderr: 'Removed 3 objects.',
  })
  assert.deepEqual(removed(), ['countersign', 'last', 'gate'])
  const selectors = fake.requests.map(({ url }) => new URL(url).searchParams.get('labelSelector')).filter((selector) => selector !== null)
  assert.deepEqual([...new Set(selectors)], ['app.kubernetes.io/part-of=countersign,app.kubernetes.io/instance=cs'])
  assert.equal((await run()).stderr, 'Nothing is installed in namespace "cs".')
})

test('the namespace goes last, and only where that was asked for', async () => {
  const { run, removed, fake } = start()
  assert.equal((await run('--delete-namespace')).exit, 0)
  assert.equal(removed().at(-1), 'cs')
  fake.objects.set('/api/v1/namespaces/cs', named('cs'))
  await run('--delete-namespace')
  assert.ok(fake.objects.has('/api/v1/namespaces/cs'), 'where nothing is installed the namespace is somebody else’s')
})
