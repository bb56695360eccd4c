import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { TEST_TLS } from '@countersign/gate/testing/certificate.ts'
import { makeGuard } from '../dialer/guard.ts'
import { type HookEvent, openHook } from './hook.ts'
import { makePost } from './post.ts'

const EVENT: HookEvent = {
  id: '1',
  type: 'dev.countersign.break-glass.v1',
  source: '//countersign/projects/p',
  time: '2026-01-31T12:00:00Z',
  data: { a: 1 },
}
const lost: string[] = []
const onLost = (_: HookEvent, reason: string): void => void lost.push(reason)

interface Received {
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
}

/** A receiver on loopback, which answers with these codes in turn and then with 204. */
async function receiver(t: TestContext, codes: readonly number[]) {
  const received: Received[] = []
  const left = [...codes]
  const server = createServer(TEST_TLS, (request, response) => {
    void text(request).then((body) => {
      received.push({ headers: request.headers, body })
      response.writeHead(left.shift() ?? 204).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, received }
}

test('an event is a CloudEvent, signed over its exact bytes, and tried again until it is taken', async (t) => {
  const { url, received } = await receiver(t, [503, 500])
  const waited: number[] = []
  const wait = async (ms: number) => void waited.push(ms)
  const hook = openHook({ deliver: makePost({ url, judge: async () => undefined, ca: TEST_TLS.cert }), secret: 's3', wait, onLost })
  await new Promise<void>((resolve) => {
    const look = setInterval(() => {
      if (received.length < 3) return
      clearInterval(look)
      resolve()
    }, 5)
    hook.send(EVENT)
  })
  await hook.close()
  const [first, , third] = received
  assert.deepEqual(JSON.parse(third?.body ?? ''), { specversion: '1.0', datacontenttype: 'application/json', ...EVENT })
  assert.equal(third?.headers['content-type'], 'application/cloudevents+json')
  assert.equal(
    third?.headers['x-countersign-signature'],
    `sha256=${createHmac('sha256', 's3')
      .update(third?.body ?? '')
      .digest('hex')}`,
  )
  assert.equal(first?.body, third?.body)
  assert.deepEqual(waited, [200, 1_000])
})

test('what the dialer’s guard refuses is not posted to', async (t) => {
  const { url, received } = await receiver(t, [])
  for (const refused of [url, url.replace('127.0.0.1', 'localhost')]) {
    await assert.rejects(makePost({ url: refused, judge: makeGuard({ allowedHosts: [] }), ca: TEST_TLS.cert })('{}', {}), {
      code: 'PERMISSION_DENIED',
    })
  }
  assert.deepEqual(received, [])
})

test('a receiver that is away costs the sender nothing: the queue is bounded and what is lost is told', async () => {
  lost.length = 0
  const never = new Promise<void>(() => {})
  const hook = openHook({ deliver: async () => 503, wait: () => never, onLost })
  for (let sent = 0; sent < 1_010; sent++) hook.send(EVENT)
  assert.deepEqual([lost.length, lost[0]], [9, 'too many wait'])
})
