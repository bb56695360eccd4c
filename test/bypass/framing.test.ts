import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { before, test } from 'node:test'
import { type Session, startSession } from './session.ts'

/*
 * Request smuggling on the port that tells HTTP/1.1 and HTTP/2 apart by the first bytes: of two readings of one connection,
 * none is taken.
 */
let session: Session

before(async () => {
  session = await startSession()
})

/** What the port answers before it closes; the requests ask it to close. */
function answerTo(text: string): Promise<string> {
  const { hostname, port } = new URL(session.apiUrl)
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname)
    let answer = ''
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1')
    })
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(answer))
    socket.write(text)
  })
}

const statusesOf = (answer: string) => [...answer.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status)
const HIDDEN = 'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
const post = (...headers: readonly string[]) =>
  `POST /countersign/v1/projects HTTP/1.1\r\nHost: x\r\n${headers.map((line) => `${line}\r\n`).join('')}\r\n`

for (const [trick, text, status] of [
  ['a length beside chunks', `${post('Content-Length: 4', 'Transfer-Encoding: chunked')}0\r\n\r\n${HIDDEN}`, '400'],
  ['two transfer encodings', `${post('Transfer-Encoding: chunked', 'Transfer-Encoding: identity')}0\r\n\r\n${HIDDEN}`, '400'],
  ['two lengths', `${post('Content-Length: 0', 'Content-Length: 5')}${HIDDEN}`, '400'],
  ['a signed length', `${post('Content-Length: +5')}${HIDDEN}`, '400'],
  ['a blank before the colon', `${post('Content-Length : 5')}${HIDDEN}`, '400'],
  ['a folded header', `${post('A: b', ' Content-Length: 5')}${HIDDEN}`, '400'],
  ['line feeds alone', 'GET /healthz HTTP/1.1\nHost: x\n\n', '400'],
  ['no host', 'GET /healthz HTTP/1.1\r\n\r\n', '400'],
  ['a flood of headers', `GET /healthz HTTP/1.1\r\nHost: x\r\n${'a: b\r\n'.repeat(3_000)}\r\n`, '431'],
  ['a chunk with a long extension', `${post('Transfer-Encoding: chunked')}1;${'a'.repeat(100_000)}\r\n`, '413'],
] as const) {
  test(`${trick} is refused, and what hides behind it is not answered`, async () => {
    const statuses = statusesOf(await answerTo(text))
    // Authentication may come first; then the connection ends there.
    assert.ok(statuses.length === 1 && (statuses[0] === status || statuses[0] === '401'), String(statuses))
  })
}

test('what only begins like HTTP/2 is closed, and the port goes on', async () => {
  await answerTo('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\njunkjunkjunkjunkjunk')
  await answerTo('PRX')
  assert.equal((await session.api('GET', '/v1/projects/p1/policy')).status, 200)
})
