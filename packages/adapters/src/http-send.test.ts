import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { issueServerCertificate, makeAuthority } from './certificates/authority.ts'
import { StatusError } from '@countersign/core/status.ts'
import { sendOverHttp } from './http-send.ts'

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('sends method, headers and body, and gives status, headers and body', async (t) => {
  const server = createServer((request, response) => {
    void text(request).then((body) =>
      response.writeHead(201, { 'x-seen': `${request.method} ${request.url} ${request.headers['authorization']}` }).end(body.toUpperCase()),
    )
  })
  const host = await listen(server)
  t.after(() => server.close())
  const answer = await sendOverHttp({
    method: 'PUT',
    url: `http://${host}/a?b=c`,
    headers: { authorization: 'Bearer t' },
    body: new TextEncoder().encode('hello'),
  })
  assert.deepEqual([answer.status, answer.headers['x-seen'], Buffer.from(answer.body).toString()], [201, 'PUT /a?b=c Bearer t', 'HELLO'])
})

test('nobody there, and TLS where there is none, are UNAVAILABLE with a reason', async (t) => {
  const closed = createServer()
  const gone = await listen(closed)
  await new Promise((resolve) => closed.close(resolve))
  const plain = createServer()
  const host = await listen(plain)
  t.after(() => plain.close())
  for (const [url, reason] of [
    [`http://${gone}/`, /nothing listens there/],
    [`https://${host}/`, /does not speak TLS/],
  ] as const) {
    await assert.rejects(
      sendOverHttp({ method: 'GET', url, headers: {} }),
      (error) => error instanceof StatusError && error.code === 'UNAVAILABLE' && reason.test(error.message),
    )
  }
})

test('a server of a private authority is trusted by that authority, and by nothing else', async (t) => {
  const now = Date.now()
  const authority = await makeAuthority(now)
  const { cert, key } = await issueServerCertificate(authority, { hosts: ['127.0.0.1'], now })
  const server = createTlsServer({ cert, key }, (_request, response) => void response.end('hello'))
  const url = `https://${await listen(server)}/`
  t.after(() => server.close())
  const answer = await sendOverHttp({ method: 'GET', url, headers: {}, ca: authority.cert })
  assert.equal(Buffer.from(answer.body).toString(), 'hello')
  await assert.rejects(
    sendOverHttp({ method: 'GET', url, headers: {} }),
    (error) => error instanceof StatusError && error.code === 'UNAVAILABLE' && /authority that is not trusted here/.test(error.message),
  )
})
