import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { makeKubernetesClient } from '@countersign/adapters/kubernetes/client.ts'
import { type FakeKubernetes, makeFakeKubernetes } from '@countersign/adapters/testing/fake-kubernetes.ts'
import { runInMemory } from '../testing/memory-terminal.ts'
import { contentOf, ROTATE_ANNOTATION } from './authority-secret.ts'
import { tendCertificates, type TendOptions } from './tend.ts'

const NOW = Date.UTC(2026, 0, 1)
const SECRETS = '/api/v1/namespaces/cs/secrets'
const WEBHOOK = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/countersign'
const OPTIONS: TendOptions = {
  served: { namespace: 'cs', name: 'served' },
  authority: { namespace: 'cs', name: 'authority' },
  webhookConfiguration: 'countersign',
  hosts: ['countersign-webhook.cs.svc'],
  settleMs: 60_000,
}
const CONFIGURATION = {
  [WEBHOOK]: {
    metadata: { name: 'countersign' },
    webhooks: [
      { name: 'a', clientConfig: { url: 'https://gate' } },
      { name: 'b', clientConfig: { url: 'https://gate', caBundle: 'b2xk' } },
    ],
  },
}

function start(objects: Readonly<Record<string, object>> = CONFIGURATION) {
  const fake = makeFakeKubernetes(objects)
  const client = makeKubernetesClient({ server: 'https://api.example', credentials: async () => ({}) }, fake.send)
  return { fake, tend: (now: number) => tendCertificates(client, OPTIONS, now) }
}

function served(fake: FakeKubernetes) {
  const content = contentOf(fake.objects.get(`${SECRETS}/served`) ?? assert.fail('Nothing is served'))
  return { cert: content['tls.crt'] ?? '', bundle: content['ca.crt'] ?? '' }
}

function bundles(fake: FakeKubernetes): readonly string[] {
  const { webhooks } = fake.objects.get(WEBHOOK) as unknown as { webhooks: readonly { clientConfig: { caBundle: string } }[] }
  return webhooks.map(({ clientConfig }) => Buffer.from(clientConfig.caBundle, 'base64').toString())
}

/** Which certificates of a bundle have signed what is served. */
function signers(fake: FakeKubernetes, bundle: string): readonly boolean[] {
  const leaf = new X509Certificate(served(fake).cert)
  return bundle.split(/(?<=-----END CERTIFICATE-----\n)/).map((cert) => leaf.verify(new X509Certificate(cert).publicKey))
}

test('the first look makes an authority and a certificate, and every entry of the webhook trusts it; the next finds nothing to do', async () => {
  const { fake, tend } = start()
  assert.deepEqual(await tend(NOW), ['made an authority', 'told the webhook configuration of the bundle', 'put the certificate into its Secret'])
  const { bundle, cert } = served(fake)
  assert.deepEqual([bundles(fake), signers(fake, bundle)], [[bundle, bundle], [true]])
  assert.equal(new X509Certificate(cert).checkHost('countersign-webhook.cs.svc'), 'countersign-webhook.cs.svc')
  assert.deepEqual(await tend(NOW + 1), [])
})

test('a configuration that comes later, or loses its bundle, is told', async () => {
  const { fake, tend } = start({})
  await tend(NOW)
  fake.objects.set(WEBHOOK, CONFIGURATION[WEBHOOK] as never)
  assert.deepEqual(await tend(NOW), ['told the webhook configuration of the bundle'])
  assert.deepEqual(bundles(fake), [served(fake).bundle, served(fake).bundle])
})

test('a rotation tells of the next authority, lets it sign after the settling, and retires the old one as much later', async () => {
  const { fake, tend } = start()
  await tend(NOW)
  const secret = fake.objects.get(`${SECRETS}/authority`) as { metadata: object }
  fake.objects.set(`${SECRETS}/authority`, { ...secret, metadata: { ...secret.metadata, annotations: { [ROTATE_ANNOTATION]: 'true' } } })
  const first = served(fake)
  assert.deepEqual((await tend(NOW))[0], 'made the next authority, which signs nothing yet')
  assert.deepEqual([served(fake).cert, signers(fake, bundles(fake)[0] ?? '')], [first.cert, [true, false]])
  assert.deepEqual(await tend(NOW + 59_999), [])
  assert.deepEqual((await tend(NOW + 60_000))[0], 'let the next authority sign')
  assert.notEqual(served(fake).cert, first.cert)
  assert.deepEqual(signers(fake, bundles(fake)[1] ?? ''), [true, false])
  assert.ok(bundles(fake)[0]?.includes(first.bundle), 'who still shows the old certificate is still trusted')
  assert.deepEqual(await tend(NOW + 119_999), [])
  assert.deepEqual((await tend(NOW + 120_000))[0], 'retired the previous authority')
  assert.deepEqual(signers(fake, bundles(fake)[0] ?? ''), [true])
  assert.deepEqual(await tend(NOW + 200_000), [])
})

test('an API server that does not take the bundle holds the rotation up', async () => {
  const { fake, tend } = start()
  await tend(NOW)
  const secret = fake.objects.get(`${SECRETS}/authority`) as { metadata: object }
  fake.objects.set(`${SECRETS}/authority`, { ...secret, metadata: { ...secret.metadata, annotations: { [ROTATE_ANNOTATION]: 'true' } } })
  const broken = makeKubernetesClient({ server: 'https://api.example', credentials: async () => ({}) }, async (request) =>
    request.method === 'PATCH' ? { status: 503, headers: {}, body: Buffer.from('{}') } : await fake.send(request),
  )
  await assert.rejects(tendCertificates(broken, OPTIONS, NOW), { code: 'UNAVAILABLE' })
  await assert.rejects(tendCertificates(broken, OPTIONS, NOW + 600_000), { code: 'UNAVAILABLE' })
  assert.deepEqual(await tend(NOW + 600_000), ['told the webhook configuration of the bundle', 'put the certificate into its Secret'])
  assert.deepEqual(await tend(NOW + 600_001), [], 'the settling begins when the bundle was taken')
})

test('certificates keep looks once as the leader, says what it did, and certificates rotate leaves a wish', async () => {
  const fake = makeFakeKubernetes(CONFIGURATION)
  const kubeconfig = JSON.stringify({
    'current-context': 'c',
    contexts: [{ name: 'c', context: { cluster: 'k' } }],
    clusters: [{ name: 'k', cluster: { server: 'https://api.example' } }],
  })
  const on =
    (host: string) =>
    (...argv: readonly string[]) =>
      runInMemory(argv, { send: fake.send, files: { '/kube': kubeconfig }, env: { KUBECONFIG: '/kube', HOSTNAME: host } })
  const run = on('first')
  const kept = await run('certificates', 'keep', '--once', '--namespace', 'cs', '--hostname', 'gate.example')
  assert.deepEqual([kept.exit, kept.stderr.split('\n').length], [0, 3], kept.stderr)
  const rotate = ['certificates', 'rotate', '--namespace', 'cs']
  assert.equal((await run(...rotate)).exit, 0)
  const again = await on('second')('certificates', 'keep', '--once', '--namespace', 'cs', '--hostname', 'gate.example')
  assert.equal(again.stderr, '', 'another process waits for the Lease of the first')
  assert.equal((await run(...rotate, '--authority-secret', 'gone')).exit, 1)
})
