import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { connect } from 'node:tls'
import { createGate, type Gate } from '../gate.ts'
import type { GateSettings } from '../settings.ts'
import { TEST_TLS } from '../testing/certificate.ts'
import { admissionReview, memoryLog, policy, projectWorld, rule, SEGMENT, stillSurroundings, UID } from '../testing/factories.ts'
import { MemorySink, MemoryWorld } from '../testing/memory-world.ts'

const closing: (() => unknown)[] = []
after(() => Promise.all(closing.map((close) => close())))

async function openGate(settings: Partial<GateSettings> = {}) {
  const spoolFolder = mkdtempSync(join(tmpdir(), 'door-'))
  const source = new MemoryWorld([projectWorld({ policy: policy({ defaultAdmissionRule: rule({ evaluationMode: 'ALWAYS_ALLOW' }) }) })])
  const parts = { source, sink: new MemorySink(), spoolFolder, surroundings: stillSurroundings(), log: memoryLog() }
  const gate = await createGate({ ...parts, settings: { pollIntervalMs: 3_600_000, ...settings } })
  const { port } = await gate.listen({ host: '127.0.0.1', port: 0, tls: TEST_TLS })
  const agent = new Agent({ keepAlive: true, maxSockets: 4 })
  closing.push(async () => {
    agent.destroy()
    await gate.close(0)
    rmSync(spoolFolder, { recursive: true, force: true })
  })
  return { gate, port, agent }
}

interface Answer {
  readonly status: number | undefined
  readonly headers: IncomingMessage['headers']
  readonly text: string
}

function send({ port, agent }: { port: number; agent: Agent }, path: string, body?: string | Buffer): Promise<Answer> {
  const method = body === undefined ? 'GET' : 'POST'
  return new Promise((resolve, reject) => {
    const sending = request({ port, host: '127.0.0.1', path, method, agent, ca: TEST_TLS.cert }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, text: Buffer.concat(chunks).toString() }))
    })
    sending.on('error', reject)
    sending.end(body)
  })
}

const WEBHOOK = `/v1/webhook/${SEGMENT}?timeout=10s`
const REVIEW = JSON.stringify(admissionReview())

describe('the door', () => {
  it('answers a review over TLS and keeps the connection', async () => {
    const opened = await openGate()
    const first = await send(opened, WEBHOOK, REVIEW)
    const second = await send(opened, WEBHOOK, REVIEW)
    assert.deepEqual([first.status, JSON.parse(first.text).response.allowed, second.headers['connection']], [200, true, 'keep-alive'])
  })

  it('refuses a body above its bound with its uid, before it was read whole', async () => {
    const opened = await openGate({ maxBodyBytes: 10_000 })
    const large = JSON.stringify(admissionReview({ options: 'x'.repeat(15_000) }))
    const { status, text } = await send(opened, WEBHOOK, large)
    const { response } = JSON.parse(text)
    assert.deepEqual([status, response.uid, response.allowed, response.status.code], [200, UID, false, 413])
    assert.equal((await send(opened, WEBHOOK, REVIEW)).status, 200)
  })

  it('says that it could not decide while more bytes are in flight than its budget', async () => {
    const opened = await openGate({ maxBytesInFlight: 4_000 })
    const { status, headers, text } = await send(opened, WEBHOOK, JSON.stringify(admissionReview({ options: 'x'.repeat(5_000) })))
    assert.deepEqual([status, headers['retry-after']], [503, '1'])
    assert.match(text, /OVERLOADED/)
    assert.equal((await send(opened, WEBHOOK, REVIEW)).status, 200)
  })

  it('cuts off a body that does not come, with 408', async () => {
    const { port } = await openGate({ requestTimeoutMs: 200 })
    const socket = connect({ port, host: '127.0.0.1', ca: TEST_TLS.cert })
    socket.write(`POST ${WEBHOOK} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{`)
    const chunks: Buffer[] = []
    for await (const chunk of socket) chunks.push(chunk)
    assert.match(Buffer.concat(chunks).toString(), /^HTTP\/1\.1 408 /)
  })

  for (const [path, body, status] of [
    ['/healthz', undefined, 200],
    ['/readyz', undefined, 200],
    ['/', undefined, 404],
    ['/v1/webhook/unknown', REVIEW, 404],
    [WEBHOOK, undefined, 405],
    [WEBHOOK, 'nonsense', 400],
  ] as const) {
    it(`answers ${body === undefined ? 'GET' : `POST of ${body.slice(0, 8)}…`} ${path} with ${status}`, async () => {
      assert.equal((await send(await openGate(), path, body)).status, status)
    })
  }

  it('drains: unready, but serving, and tells connections to go', async () => {
    const opened = await openGate()
    await send(opened, WEBHOOK, REVIEW)
    opened.gate.drain()
    const ready = await send(opened, '/readyz')
    const review = await send(opened, WEBHOOK, REVIEW)
    assert.deepEqual([ready.status, review.status, review.headers['connection']], [503, 200, 'close'])
  })

  it('closes: answers what is being asked, then takes nobody', async () => {
    const opened = await openGate()
    const asking = send(opened, WEBHOOK, REVIEW)
    await received(opened.gate)
    const closed = opened.gate.close(10_000)
    assert.equal((await asking).status, 200)
    await closed
    await assert.rejects(send({ port: opened.port, agent: new Agent() }, '/healthz'), { code: 'ECONNREFUSED' })
  })
})

/** Resolves when a decision was made. */
async function received(gate: Gate): Promise<void> {
  while (gate.status().spool.sequence === 0) await new Promise((resolve) => setImmediate(resolve))
}
