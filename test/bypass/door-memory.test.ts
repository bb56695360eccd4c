import assert from 'node:assert/strict'
import { connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:net'
import { before, test } from 'node:test'
import { must, type Session, startSession } from './session.ts'

/*
 * Class C8: endless data. The gate shares the server's memory, so what a caller makes the API hold is bounded, and a
 * stranger, who has no token, makes it hold next to nothing.
 */
const BODY = 9 * 1024 * 1024
const CALLERS = 40
let session: Session

before(async () => {
  session = await startSession()
})

test('a stranger is answered before the message of a gRPC call is read', async () => {
  const client = connectHttp2(session.apiUrl, { maxSessionMemory: 1000 })
  const message = Buffer.alloc(BODY)
  message.writeUInt32BE(BODY, 1)
  const statuses = Array.from({ length: 10 }, () => {
    const headers = { ':method': 'POST', ':path': '/countersign.v1.Projects/GetProject', 'content-type': 'application/grpc', te: 'trailers' }
    const call = client.request(headers)
    const told = new Promise((resolve) => {
      call.on('response', (answer) => resolve(answer['grpc-status']))
      call.on('error', resolve)
    })
    // Never ended: who waits for the whole message waits for ever.
    call.write(message)
    return told
  })
  assert.deepEqual(await Promise.all(statuses), Array(10).fill('16'))
  client.destroy()
})

test('callers with large bodies that never end share one budget, and the rest of the API goes on', async () => {
  const { secret } = (await must(session.api('POST', '/countersign/v1/tokens', { displayName: 'v', role: 'VIEWER', project: 'p1' }))).json
  const { hostname, port } = new URL(session.apiUrl)
  const head = `POST /v1/projects/p1/occurrences HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${secret}\r\nContent-Length: ${BODY + 100}\r\n\r\n`
  const answers: string[] = []
  const sockets = Array.from({ length: CALLERS }, () => {
    const socket = connect(Number(port), hostname)
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Buffer) => answers.push(chunk.toString().slice(9, 12)))
    socket.write(head)
    socket.write(Buffer.alloc(BODY, 0x20))
    return socket
  })
  await session.waitFor('refusals', () => (answers.filter((status) => status === '503').length >= CALLERS - 10 ? true : undefined))
  assert.equal((await session.api('GET', '/v1/projects/p1/policy')).status, 200)
  for (const socket of sockets) socket.destroy()
  assert.ok(!session.stderr().includes('"level":50'), session.stderr().slice(-500))
})
