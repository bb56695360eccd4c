import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TestRegistry } from '../testing/registry.ts'
import { isPublicAddress } from './address.ts'
import { makeGuardedFetch } from './guarded-fetch.ts'

const init = { headers: {}, signal: AbortSignal.timeout(10_000) }
const hostnamed = (registry: TestRegistry, name: string): string => registry.host.replace('127.0.0.1', name)

test('C15: which addresses are public', () => {
  const rows: readonly (readonly [address: string, isPublic: boolean])[] = [
    ['8.8.8.8', true],
    ['2606:4700::1111', true],
    ['172.32.0.1', true],
    ['127.0.0.1', false],
    ['127.255.255.254', false],
    ['0.0.0.0', false],
    ['10.1.2.3', false],
    ['172.31.255.255', false],
    ['192.168.0.1', false],
    ['100.64.0.1', false],
    ['169.254.169.254', false],
    ['224.0.0.1', false],
    ['255.255.255.255', false],
    ['::', false],
    ['::1', false],
    ['::127.0.0.1', false],
    ['::ffff:127.0.0.1', false],
    ['::ffff:8.8.8.8', false],
    ['64:ff9b::a00:1', false],
    ['2002:7f00:1::', false],
    ['fd00:ec2::254', false],
    ['fe80::1', false],
    ['ff02::1', false],
    ['localhost', false],
    ['', false],
  ]
  for (const [address, expected] of rows) assert.equal(isPublicAddress(address), expected, address)
})

test('C15: loopback is refused however it is written, before anything is sent', async (t) => {
  const registry = await TestRegistry.start()
  t.after(() => registry.close())
  const port = registry.host.split(':')[1]
  const guarded = makeGuardedFetch({ allowedHosts: [] })
  for (const host of ['127.0.0.1', 'localhost', '2130706433', '0x7f.1', '127.1', '[::1]', '[::ffff:127.0.0.1]']) {
    await assert.rejects(guarded(new URL(`http://${host}:${port}/v2/`), init), { code: 'PERMISSION_DENIED' }, host)
  }
  assert.deepEqual(registry.requests, [])
})

test('C15: a name one of whose addresses is not public is refused whole', async () => {
  const guarded = makeGuardedFetch({
    allowedHosts: [],
    resolve: async () => [
      { address: '8.8.8.8', family: 4 },
      { address: '10.0.0.1', family: 4 },
    ],
  })
  await assert.rejects(guarded(new URL('https://rebinding.example/'), init), (error) => {
    assert(error instanceof Error)
    assert.doesNotMatch(error.message, /10\.0\.0\.1/)
    return true
  })
})

test('a host that is allowed is reached at the address that was judged, with its status, headers and body', async (t) => {
  const registry = await TestRegistry.start()
  t.after(() => registry.close())
  registry.lie = () => ({ status: 401, headers: { 'www-authenticate': 'Basic realm="x"' }, body: 'who are you?' })
  let asked = 0
  const allowed = hostnamed(registry, 'registry.internal')
  const guarded = makeGuardedFetch({
    allowedHosts: [allowed],
    resolve: async () => {
      asked++
      return [{ address: '127.0.0.1', family: 4 }]
    },
  })
  const response = await guarded(new URL(`http://${allowed}/v2/`), { ...init, method: 'POST', body: 'x' })
  assert.deepEqual([response.status, response.headers.get('www-authenticate'), await response.text()], [401, 'Basic realm="x"', 'who are you?'])
  assert.deepEqual([asked, registry.requests.map(({ method }) => method)], [1, ['POST']])
  await assert.rejects(guarded(new URL(`http://${hostnamed(registry, 'other.internal')}/`), init), { code: 'PERMISSION_DENIED' })
})

test('an answer without a body is one, and a connection that fails rejects', async () => {
  const registry = await TestRegistry.start()
  registry.lie = () => ({ status: 204 })
  const guarded = makeGuardedFetch({ allowedHosts: [registry.host] })
  const url = new URL(`http://${registry.host}/`)
  assert.equal((await guarded(url, init)).body, null)
  await registry.close()
  await assert.rejects(guarded(url, init), { code: 'ECONNREFUSED' })
})
