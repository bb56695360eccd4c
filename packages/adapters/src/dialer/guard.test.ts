import assert from 'node:assert/strict'
import type { LookupFunction } from 'node:net'
import { test } from 'node:test'
import { isPublicAddress } from './address.ts'
import { makeGuard } from './guard.ts'

async function lookedUp(lookup: LookupFunction | undefined): Promise<unknown> {
  return await new Promise((resolve) => lookup?.('any.example', { all: true }, (_error, addresses) => resolve(addresses)))
}

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

test('C15: loopback is refused however it is written', async () => {
  const guard = makeGuard({ allowedHosts: [] })
  for (const host of ['127.0.0.1', 'localhost', '2130706433', '0x7f.1', '127.1', '[::1]', '[::ffff:127.0.0.1]']) {
    await assert.rejects(guard(new URL(`http://${host}:5000/v2/`)), { code: 'PERMISSION_DENIED' }, host)
  }
})

test('C15: a name one of whose addresses is not public is refused whole, without telling the address', async () => {
  const guard = makeGuard({
    allowedHosts: [],
    resolve: async () => [
      { address: '8.8.8.8', family: 4 },
      { address: '10.0.0.1', family: 4 },
    ],
  })
  await assert.rejects(guard(new URL('https://rebinding.example/')), (error) => {
    assert(error instanceof Error)
    assert.doesNotMatch(error.message, /10\.0\.0\.1/)
    return true
  })
})

test('C15: a public name is resolved once, and the connection gets the addresses that were judged', async () => {
  let asked = 0
  const guard = makeGuard({
    allowedHosts: [],
    resolve: async () => [{ address: asked++ === 0 ? '8.8.8.8' : '127.0.0.1', family: 4 }],
  })
  const lookup = await guard(new URL('https://registry.example/'))
  assert.deepEqual(await lookedUp(lookup), [{ address: '8.8.8.8', family: 4 }])
  assert.deepEqual(await lookedUp(lookup), [{ address: '8.8.8.8', family: 4 }])
  assert.equal(asked, 1)
})

test('a host that was named may lie inside; its port counts', async () => {
  const guard = makeGuard({ allowedHosts: ['registry.internal:5000'], resolve: async () => [{ address: '10.0.0.1', family: 4 }] })
  assert.equal(await guard(new URL('http://registry.internal:5000/v2/')), undefined)
  await assert.rejects(guard(new URL('http://registry.internal:5001/v2/')), { code: 'PERMISSION_DENIED' })
})
