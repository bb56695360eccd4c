import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { describe, test } from 'node:test'
import { StatusError } from '@countersign/core/status.ts'
import { checkVulnerabilities } from '@countersign/core/vulnerability/check.ts'
import { finding, IMAGE, NOW, SCANNER, strictPolicy } from '@countersign/core/vulnerability/testing/finding.ts'
import type { Finding } from '@countersign/core/vulnerability/finding.ts'
import type { SigningResult } from '@countersign/service/signing/sign-image.ts'
import { makeFakeServer } from '../../testing/fake-server.ts'
import { runInMemory } from '../../testing/memory-terminal.ts'
import { listen } from './listen.ts'
import { type DoorParts, makeSignerDoor } from './service-door.ts'

const TOKEN = 'a-token-of-some-length'
const EVENT = { name: 'projects/p1/occurrences/o1', kind: 'DISCOVERY', notificationTime: '2026-01-31T12:00:00Z' }

function resultOf(report: Parameters<typeof checkVulnerabilities>[0], mode: string): SigningResult {
  const policy = strictPolicy({ maximumFixableSeverity: 'LOW' })
  const verdict = checkVulnerabilities(report, policy, { image: IMAGE, now: NOW })
  const digest = IMAGE.slice(IMAGE.indexOf('@') + 1) as SigningResult['attestations'][number]['digest']
  const attested = { digest, outcome: 'CREATED', occurrence: 'projects/p1/occurrences/1', publicKeyId: 'k', replaced: [] } as const
  const isSigned = mode !== 'check-only' && verdict.outcome === 'CONFORMS'
  return { check: { policy, state: report.state, timedOut: false, verdict }, attestations: isSigned ? [attested] : [] }
}

const scanned = (findings: readonly Finding[]) => ({ state: 'FINISHED', scanner: SCANNER, scanTime: NOW, findings }) as const

function makeDoor(over: Partial<DoorParts> = {}, report: Parameters<typeof checkVulnerabilities>[0] = scanned([])) {
  const ran: string[] = []
  const run: DoorParts['run'] = async (mode, image) => (ran.push(`${mode} ${image}`), resultOf(report, mode))
  const findOccurrence = async () => ({ resourceUri: `https://${IMAGE}`, discovery: { analysisStatus: 'FINISHED_SUCCESS' } })
  const door = makeSignerDoor({ token: TOKEN, run, findOccurrence, ...over })
  const post = async (path: string, body: unknown, more: { readonly method?: string; readonly authorization?: string } = {}) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    return await door({ method: 'POST', path, authorization: `Bearer ${TOKEN}`, body: Buffer.from(text), ...more })
  }
  const event = async (data: unknown) => await post('/event', { message: { data: Buffer.from(JSON.stringify(data)).toString('base64'), id: '1' } })
  return { post, event, ran }
}

describe('§1.8: the signer over HTTP', () => {
  test('/check-only: 200 ok, 422 failed with the violations', async () => {
    assert.deepEqual(await makeDoor().post('/check-only', { image: IMAGE }), { status: 200, body: { image: IMAGE, status: 'ok' } })
    const { status, body } = await makeDoor({}, scanned([finding()])).post('/check-only', { image: IMAGE })
    assert.deepEqual([status, body.status, body.violations?.length], [422, 'failed', 1])
  })

  test('/check-and-sign: 200 signed, 422 not-signed', async () => {
    const message = 'image passed vulnerability policy'
    assert.deepEqual(await makeDoor().post('/check-and-sign', { image: IMAGE }), { status: 200, body: { image: IMAGE, status: 'signed', message } })
    const { status, body } = await makeDoor({}, scanned([finding()])).post('/check-and-sign', { image: IMAGE })
    assert.deepEqual([status, body.status, body.message, body.violations?.length], [422, 'not-signed', 'image violates policy', 1])
  })

  test('strict: what could not be judged, or failed, is 500 and never the caller’s bad request', async () => {
    for (const path of ['/check-only', '/check-and-sign']) {
      const { status, body } = await makeDoor({}, { state: 'NOT_SCANNED' }).post(path, { image: IMAGE })
      assert.deepEqual([status, body.status], [500, 'failed'])
      const away = makeDoor({ run: () => Promise.reject(new StatusError('UNAVAILABLE', 'the store is away')) })
      assert.deepEqual(await away.post(path, { image: IMAGE }), { status: 500, body: { status: 'failed', message: 'the store is away' } })
    }
    const broken = await makeDoor({ run: () => Promise.reject(new Error('secret')) }).post('/check-only', { image: IMAGE })
    assert.deepEqual(broken, { status: 500, body: { status: 'failed', message: 'internal error' } })
  })

  test('400: a body that is no object, an image without a digest, one that is none', async () => {
    const { post, ran } = makeDoor()
    for (const body of ['', '[]', '{"image":', {}, { image: 'registry.example/app:v1' }, { image: 'NO IMAGE' }, { image: 7 }])
      assert.equal((await post('/check-only', body)).status, 400, JSON.stringify(body))
    assert.deepEqual(ran, [])
  })

  test('strict: nobody without the token, nothing but POST, no other path', async () => {
    const { post, ran } = makeDoor()
    assert.equal((await post('/check-only', { image: IMAGE }, { authorization: 'Bearer other' })).status, 401)
    assert.equal((await post('/check-only', { image: IMAGE }, { authorization: TOKEN })).status, 401)
    assert.equal((await post('/check-only', { image: IMAGE }, { method: 'GET' })).status, 405)
    assert.equal((await post('/toString', { image: IMAGE })).status, 404)
    assert.deepEqual(ran, [])
  })

  test('/event: a finished scan is checked and signed; a violating image is 200, so that it is not pushed again', async () => {
    const { event, ran } = makeDoor()
    assert.deepEqual((await event(EVENT)).body.status, 'signed')
    assert.deepEqual(ran, [`check-and-sign ${IMAGE}`])
    const { status, body } = await makeDoor({}, scanned([finding()])).event(EVENT)
    assert.deepEqual([status, body.status], [200, 'not-signed'])
  })

  test('/event: other kinds and scans that have not succeeded are 200 and nothing; what is no event is 400', async () => {
    const pending = async () => ({ resourceUri: `https://${IMAGE}`, discovery: { analysisStatus: 'FINISHED_FAILED' } })
    for (const { event, ran, data } of [
      { ...makeDoor(), data: { ...EVENT, kind: 'VULNERABILITY' } },
      { ...makeDoor({ findOccurrence: pending }), data: EVENT },
    ])
      assert.deepEqual([await event(data), ran], [{ status: 200, body: {} }, []])
    assert.equal((await makeDoor().event({ name: '../../secret', kind: 'DISCOVERY' })).status, 400)
    assert.equal((await makeDoor().post('/event', {})).status, 400)
  })

  test('more than 32 at once are told to come again', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const { post } = makeDoor({ run: async (mode) => (await promise, resultOf(scanned([]), mode)) })
    const waiting = Array.from({ length: 32 }, () => post('/check-only', { image: IMAGE }))
    assert.equal((await post('/check-only', { image: IMAGE })).status, 503)
    resolve()
    await Promise.all(waiting)
    assert.equal((await post('/check-only', { image: IMAGE })).status, 200)
  })
})

test('listen() serves on loopback, refuses other addresses, and reads no body beyond 64 KiB', async (t) => {
  const { url, close } = await listen('127.0.0.1:0', async ({ body }) => ({ status: 200, body: { message: String(body.length) } }))
  t.after(close)
  const post = async (body: string) => await fetch(`${url}/x?y`, { method: 'POST', body })
  assert.deepEqual(await (await post('abc')).json(), { message: '3' })
  assert.equal((await post('x'.repeat(70_000))).status, 413)
  await assert.rejects(
    listen('0.0.0.0:0', () => Promise.reject(new Error('asked'))),
    /expected 127\.0\.0\.1:PORT/,
  )
})

test('signer --listen reads policy and key before it serves, from the original’s variables too, and ends when it is told', async () => {
  const { send } = await makeFakeServer()
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const policy = 'apiVersion: kritis.grafeas.io/v1beta1\nkind: VulnzSigningPolicy\nmetadata: { name: p }\n'
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' })
  const files = {
    'token.txt': `${TOKEN}\n`,
    'short.txt': 'short',
    'policy.yaml': `${policy}spec: { imageVulnerabilityRequirements: { maximumFixableSeverity: LOW } }\n`,
    'bad.yaml': 'kind: X\n',
    'key.pem': key,
  }
  const serve = async (env: Readonly<Record<string, string>>, ...more: readonly string[]) => {
    const line = ['signer', '--listen=127.0.0.1:0', '-pkix_private_key=key.pem', '-pkix_alg=ecdsa-p256-sha256', ...more]
    const { exit, stderr } = await runInMemory(line, { send, files, env, ended: AbortSignal.abort() })
    return [exit, stderr.trim().split('\n').at(-1)?.replace(/:\d+:/, ':PORT:')]
  }
  const env = { ATTESTATION_POLICY_PATH: 'policy.yaml', ATTESTATION_NOTE_NAME: 'projects/p1/notes/qa' }
  const token = '--listen-token-file=token.txt'
  assert.deepEqual(await serve(env, token), [0, 'Signing at http://127.0.0.1:PORT: POST /check-only, /check-and-sign or /event'])
  for (const line of [
    [],
    ['--listen-token-file=short.txt'],
    [token, '-policy=bad.yaml'],
    [token, '-image', IMAGE],
    [token, '-pkix_private_key=none'],
  ])
    assert.equal((await serve(env, ...line))[0], 2, line.join(' '))
  assert.equal((await serve({}, token))[0], 2)
})
