import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeFakeServer } from '../testing/fake-server.ts'
import { runInMemory } from '../testing/memory-terminal.ts'

/** Which URL and which token a command line ends up with. */
async function connect(argv: readonly string[], world: { readonly env?: Record<string, string>; readonly files?: Record<string, string> } = {}) {
  const { send, requests } = await makeFakeServer()
  const ended = await runInMemory(['projects', 'list', ...argv], { send, ...world, env: { COUNTERSIGN_TOKEN: '', ...world.env } })
  const [sent] = requests
  return { ...ended, sent: sent && { url: sent.url, token: sent.headers['authorization']?.replace('Bearer ', ''), ca: sent.ca } }
}

test('option, then environment, then the file that a server in this folder made', async () => {
  const files = { '.countersign/ca.pem': 'LOCAL PEM', t1: 'one\n', t2: ' two ', '.countersign/admin-token': 'local\n', ca: 'PEM' }
  const env = { COUNTERSIGN_TOKEN_FILE: 't2', COUNTERSIGN_TOKEN: 'three', COUNTERSIGN_SERVER: 'https://two.example/base/', COUNTERSIGN_CA_FILE: 'ca' }
  const list = '/countersign/v1/projects?pageSize=100'
  assert.deepEqual((await connect(['--token-file', 't1', '--server', 'http://127.0.0.1:1'], { files, env })).sent, {
    url: `http://127.0.0.1:1${list}`,
    token: 'one',
    ca: 'PEM',
  })
  assert.deepEqual((await connect([], { files, env })).sent, { url: `https://two.example/base${list}`, token: 'two', ca: 'PEM' })
  assert.equal((await connect([], { files, env: { COUNTERSIGN_TOKEN: 'three' } })).sent?.token, 'three')
  assert.deepEqual((await connect([], { files })).sent, { url: `http://127.0.0.1:8080${list}`, token: 'local', ca: 'LOCAL PEM' })
})

test('no token is a usage error that says where to get one', async () => {
  const { exit, stderr, sent } = await connect([])
  assert.equal(exit, 2)
  assert.match(stderr, /No API token was found\n.*--token-file or COUNTERSIGN_TOKEN_FILE/)
  assert.equal(sent, undefined)
})

for (const [server, said] of [
  ['http://countersign.example:8080', /plain text: use https/],
  ['http://127.0.0.1.evil.example', /plain text: use https/],
  ['ftp://127.0.0.1', /is not an address/],
  ['127.0.0.1:8080', /is not an address/],
  ['http://user:pass@127.0.0.1', /holds a password/],
] as const) {
  test(`the token is never sent to ${server}`, async () => {
    const { exit, stderr, sent } = await connect(['--server', server], { env: { COUNTERSIGN_TOKEN: 'x' } })
    assert.equal(exit, 2)
    assert.match(stderr, said)
    assert.equal(sent, undefined)
  })
}

test('a token that is not one word is refused before it gets into a header', async () => {
  const { exit, stderr } = await connect([], { files: { '.countersign/admin-token': 'a\nb' } })
  assert.deepEqual([exit, /does not hold an API token/.test(stderr)], [2, true])
})
