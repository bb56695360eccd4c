import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { makeFakeKubernetes } from '../testing/fake-kubernetes.ts'
import { makeKubernetesClient } from './client.ts'
import { findInClusterConnection, type KubernetesConnection, readKubeconfig } from './connection.ts'
import { holdLease } from './lease.ts'
import type { HttpSend } from '../http-send.ts'

const CONNECTION: KubernetesConnection = { server: 'https://api.example', credentials: async () => ({ token: 'secret' }) }
const NOW = '2026-01-31T12:00:00.000Z'

describe('makeKubernetesClient()', () => {
  test('finds, creates, replaces, patches and removes; what is not there is nothing, what was overtaken is ABORTED', async () => {
    const client = makeKubernetesClient(CONNECTION, makeFakeKubernetes().send)
    const made = await client.create('/api/v1/namespaces/n/secrets', { metadata: { name: 's' }, data: { a: 'b' } })
    await assert.rejects(client.create('/api/v1/namespaces/n/secrets', { metadata: { name: 's' } }), { code: 'ALREADY_EXISTS' })
    await client.patch('/api/v1/namespaces/n/secrets/s', [{ op: 'replace', path: '/data/a', value: 'c' }])
    await assert.rejects(client.replace('/api/v1/namespaces/n/secrets/s', made), {
      code: 'ABORTED',
      message: 'The API server refused PUT /api/v1/namespaces/n/secrets/s: Conflict here',
    })
    assert.deepEqual((await client.find('/api/v1/namespaces/n/secrets/s'))?.['data'], { a: 'c' })
    assert.deepEqual([await client.remove('/api/v1/namespaces/n/secrets/s'), await client.remove('/api/v1/namespaces/n/secrets/s')], [true, false])
    assert.equal(await client.find('/api/v1/namespaces/n/secrets/s'), undefined)
  })

  test('a list is followed page by page, up to its limit', async () => {
    const asked: string[] = []
    const send: HttpSend = async ({ url }) => {
      asked.push(url)
      const page = { items: [{ metadata: { name: `p${asked.length}` } }], metadata: asked.length < 3 ? { continue: 'a b' } : {} }
      return { status: 200, headers: {}, body: Buffer.from(JSON.stringify(page)) }
    }
    const client = makeKubernetesClient(CONNECTION, send)
    assert.equal((await client.list('/api/v1/pods', 100)).length, 3)
    assert.deepEqual(asked, [
      'https://api.example/api/v1/pods?limit=500',
      'https://api.example/api/v1/pods?limit=500&continue=a+b',
      'https://api.example/api/v1/pods?limit=500&continue=a+b',
    ])
    asked.length = 0
    assert.equal((await client.list('/api/v1/pods', 2)).length, 2)
  })
})

describe('holdLease()', () => {
  const options = { namespace: 'n', name: 'l', durationMs: 15_000 }

  test('one holder leads, another takes over once the first has been silent for the duration on his own clock', async () => {
    const client = makeKubernetesClient(CONNECTION, makeFakeKubernetes().send)
    const [a, b] = [
      { version: '', since: 0 },
      { version: '', since: 0 },
    ]
    const hold = (holder: string, seen: typeof a, now: number) => holdLease(client, { ...options, holder }, seen, { now, timestamp: NOW })
    assert.equal(await hold('a', a, 0), true)
    assert.equal(await hold('b', b, 1_000), false)
    assert.equal(await hold('a', a, 10_000), true)
    assert.equal(await hold('b', b, 16_500), false, 'the first has renewed in between')
    assert.equal(await hold('b', b, 31_500), true)
    assert.equal(await hold('a', a, 32_000), false)
  })

  test('of two who see the same free lease only one gets it', async () => {
    const { send } = makeFakeKubernetes({ '/apis/coordination.k8s.io/v1/namespaces/n/leases/l': { metadata: { name: 'l' }, spec: {} } })
    const client = makeKubernetesClient(CONNECTION, send)
    const hold = (holder: string) => holdLease(client, { ...options, holder }, { version: '', since: 0 }, { now: 0, timestamp: NOW })
    assert.equal((await Promise.all([hold('a'), hold('b')])).filter((leads) => leads).length, 1)
  })
})

describe('connections', () => {
  const files: Readonly<Record<string, string>> = {
    '/var/run/secrets/kubernetes.io/serviceaccount/ca.crt': 'CA',
    '/var/run/secrets/kubernetes.io/serviceaccount/token': 'T\n',
    '/home/ca.pem': 'PEM',
  }
  const findFile = async (path: string) => (files[path] === undefined ? undefined : Buffer.from(files[path]))
  const resolve = (path: string) => (path.startsWith('/') ? path : `/home/${path}`)
  const config = (user: object, cluster: object = {}) => ({
    'current-context': 'c',
    contexts: [{ name: 'c', context: { cluster: 'k', user: 'u' } }],
    clusters: [{ name: 'k', cluster: { server: 'https://api.example/', 'certificate-authority': 'ca.pem', ...cluster } }],
    users: [{ name: 'u', user }],
  })

  test('in a cluster the service account speaks, and its token is read each time', async () => {
    const found = await findInClusterConnection({ KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '6443' }, findFile)
    assert.deepEqual([found?.server, found?.ca, await found?.credentials()], ['https://[fd00::1]:6443', 'CA', { token: 'T' }])
    assert.equal(await findInClusterConnection({}, findFile), undefined)
  })

  test('of a kubeconfig the current context counts, with files beside it and data within', async () => {
    const user = { 'client-certificate-data': Buffer.from('CERT').toString('base64'), 'client-key-data': Buffer.from('KEY').toString('base64') }
    const found = await readKubeconfig(config(user), { findFile, resolve })
    assert.deepEqual([found.server, found.ca, await found.credentials()], ['https://api.example', 'PEM', { cert: 'CERT', key: 'KEY' }])
  })

  test('what would weaken or cannot be done is refused with what to do instead', async () => {
    const reading = (tree: unknown) => readKubeconfig(tree, { findFile, resolve })
    await assert.rejects(reading(config({ exec: { command: 'x' } })), { code: 'FAILED_PRECONDITION', message: /kubectl proxy/ })
    await assert.rejects(reading(config({}, { 'insecure-skip-tls-verify': true })), { message: /certificate-authority/ })
    await assert.rejects(reading(config({}, { 'certificate-authority': 'gone.pem' })), { message: 'Cannot read "/home/gone.pem": it does not exist' })
    await assert.rejects(reading({}), { message: 'Cannot use the kubeconfig: it has no context ""' })
  })
})
