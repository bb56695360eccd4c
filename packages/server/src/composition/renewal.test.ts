import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Certificates } from './certificates.ts'
import { keepRenewed } from './renewal.ts'

const pairOf = (cert: string): Certificates => ({ pair: { cert, key: 'key' }, caBundle: 'ca' })

function start(t: TestContext, open: () => Promise<Certificates>) {
  const renewed: string[] = []
  const errors: string[] = []
  const log = { info: () => undefined, error: (message: string) => void errors.push(message) }
  const renewal = keepRenewed(pairOf('first'), { open, onRenewed: ({ cert }) => void renewed.push(cert), log })
  t.after(renewal.stop)
  return { renewal, renewed, errors }
}

test('a certificate that was made anew is shown once', async (t) => {
  const { renewal, renewed } = start(t, async () => pairOf('second'))
  await renewal.renew()
  await renewal.renew()
  assert.deepEqual(renewed, ['second'])
})

test('the same certificate is not shown again, and a failure is told', async (t) => {
  const opened = [async () => pairOf('first'), async () => Promise.reject(new Error('disk'))]
  const { renewal, renewed, errors } = start(t, () => (opened.shift() ?? (async () => pairOf('first')))())
  await renewal.renew()
  await renewal.renew()
  assert.deepEqual([renewed, errors], [[], ['Cannot renew the server certificate']])
})
