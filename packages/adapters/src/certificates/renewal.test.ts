import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { ShownCertificate } from './certificate-files.ts'
import { keepRenewed } from './renewal.ts'

const pairOf = (cert: string, caBundle = 'ca'): ShownCertificate => ({ pair: { cert, key: 'key' }, caBundle })

function start(t: TestContext, open: () => Promise<ShownCertificate>) {
  const renewed: string[] = []
  const errors: string[] = []
  const log = { info: () => undefined, error: (message: string) => void errors.push(message) }
  const renewal = keepRenewed(pairOf('first'), {
    open,
    onRenewed: ({ pair, caBundle }) => void renewed.push(`${pair.cert} ${caBundle}`),
    log,
    everyMs: 3_600_000,
  })
  t.after(renewal.stop)
  return { renewal, renewed, errors }
}

test('a certificate that was made anew is shown once', async (t) => {
  const { renewal, renewed } = start(t, async () => pairOf('second'))
  await renewal.renew()
  await renewal.renew()
  assert.deepEqual(renewed, ['second ca'])
})

test('the same certificate is not shown again, and a failure is told', async (t) => {
  const opened = [async () => pairOf('first'), async () => Promise.reject(new Error('disk'))]
  const { renewal, renewed, errors } = start(t, () => (opened.shift() ?? (async () => pairOf('first')))())
  await renewal.renew()
  await renewal.renew()
  assert.deepEqual([renewed, errors], [[], ['Cannot renew the server certificate']])
})

test('the same certificate with another bundle is shown: who asks for the bundle must hear of a new authority', async (t) => {
  const { renewal, renewed } = start(t, async () => pairOf('first', 'ca and next'))
  await renewal.renew()
  assert.deepEqual(renewed, ['first ca and next'])
})
