import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openSignerPlace, type SignerPlace } from './signer-place.ts'

const IMAGE = `registry.example/demo/app@sha256:${'a'.repeat(64)}`

async function open(t: TestContext) {
  const place = await openSignerPlace()
  t.after(() => place.stop())
  await addKey(place, 'one')
  return { ...place, sign: async (...more: readonly string[]) => await place.run(['signer', '-mode', 'bypass-and-sign', '-image', IMAGE, ...more]) }
}

/** A key of the attestor in files of its name. */
async function addKey({ cwd, must }: SignerPlace, name: string): Promise<void> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  writeFileSync(join(cwd, `${name}.pem`), privateKey.export({ type: 'pkcs8', format: 'pem' }))
  writeFileSync(join(cwd, `${name}.pub.pem`), publicKey.export({ type: 'spki', format: 'pem' }))
  const key = [`--pkix-public-key-file=${name}.pub.pem`, '--pkix-public-key-algorithm=ecdsa-p256-sha256']
  await must(['attestors', 'public-keys', 'add', '--attestor=scanned', ...key])
}

const keyOf = (name: string, note: string): readonly string[] => [
  '-note_name',
  note,
  '-pkix_private_key',
  `${name}.pem`,
  '-pkix_alg',
  'ecdsa-p256-sha256',
]

test('overwriting never deletes first: where the new attestation cannot be written, the old one stands and admits', async (t) => {
  const place = await open(t)
  const { sign, note } = place
  assert.equal((await sign(...keyOf('one', note))).code, 0)
  const before = await place.attestationsOf(IMAGE)
  const refusing = await startProxy(t, place, { refuse: (method, path) => method === 'POST' && path.includes('/occurrences') })
  assert.equal((await sign(...keyOf('one', note), '-overwrite', '--server', refusing.url)).code, 3)
  assert.deepEqual([await place.attestationsOf(IMAGE), await place.admits(IMAGE)], [before, true])
  assert.equal(refusing.asked.filter(([method]) => method === 'DELETE').length, 0)
  const passing = await startProxy(t, place, {})
  assert.equal((await sign(...keyOf('one', note), '-overwrite', '--server', passing.url)).code, 0)
  const after = await place.attestationsOf(IMAGE)
  assert.equal(after.length, 1)
  assert.notDeepEqual(after, before)
  const ends = passing.asked.slice(-3).map((words) => words.join(' '))
  assert.deepEqual(ends, ['POST /v1/projects/my-project/occurrences', `GET /v1/${after[0]}`, `DELETE /v1/${before[0]}`])
})

test('signing is idempotent by note, digest, key and payload: once more is nothing, another key is one more', async (t) => {
  const place = await open(t)
  const { sign, note } = place
  await addKey(place, 'two')
  await Promise.all([1, 2, 3].map(async () => assert.equal((await sign(...keyOf('one', note))).code, 0)))
  const first = await place.attestationsOf(IMAGE)
  assert.equal((await sign(...keyOf('one', note))).code, 0)
  assert.deepEqual(await place.attestationsOf(IMAGE), first)
  assert.equal((await sign(...keyOf('two', note))).code, 0)
  assert.equal((await sign(...keyOf('two', note))).code, 0)
  assert.equal((await place.attestationsOf(IMAGE)).length, first.length + 1)
})

test('what was written is read back and verified: a store that kept something else is told, and nothing is deleted', async (t) => {
  const place = await open(t)
  const { sign, note } = place
  assert.equal((await sign(...keyOf('one', note))).code, 0)
  const [old] = await place.attestationsOf(IMAGE)
  const altering = await startProxy(t, place, { alter: (body) => body.replace(/("signature": *")[^"]{8}/, '$1AAAAAAAA') })
  const { code, stderr } = await sign(...keyOf('one', note), '-overwrite', '--server', altering.url)
  assert.equal(code, 3, stderr)
  assert.match(stderr, /was stored, but does not verify/)
  assert.equal(altering.asked.filter(([method]) => method === 'DELETE').length, 0)
  assert.ok((await place.attestationsOf(IMAGE)).includes(old ?? ''))
})

interface Between {
  readonly refuse?: (method: string, path: string) => boolean
  /** Of the answer for one occurrence. */
  readonly alter?: (body: string) => string
}

/** Stands between the signer and the server. */
async function startProxy(t: TestContext, { apiUrl }: SignerPlace, { refuse = () => false, alter = (body) => body }: Between) {
  const asked: (readonly [method: string, path: string])[] = []
  const pass = async (message: IncomingMessage): Promise<{ readonly status: number; readonly body: string }> => {
    const { method = '', url = '', headers } = message
    asked.push([method, url])
    const body = Buffer.concat(await Array.fromAsync(message as AsyncIterable<Buffer>))
    if (refuse(method, url)) return { status: 503, body: '{"error":{"code":503,"status":"UNAVAILABLE","message":"not now"}}' }
    const sent = { authorization: headers.authorization ?? '', 'content-type': 'application/json' }
    const answer = await fetch(new URL(url, apiUrl), { method, headers: sent, ...(body.length === 0 ? {} : { body }) })
    const text = await answer.text()
    return { status: answer.status, body: method === 'GET' && /\/occurrences\/[^/?]+$/.test(url) ? alter(text) : text }
  }
  const server = createServer((message, response) => {
    void pass(message).then(({ status, body }) => response.writeHead(status, { 'content-type': 'application/json' }).end(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}
