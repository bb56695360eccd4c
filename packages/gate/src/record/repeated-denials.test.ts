import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { formatCanonicalJson } from '@countersign/evidence/record/canonical-json.ts'
import { createGate } from '../gate.ts'
import { DENIAL_WINDOW_MS, RepeatedDenials } from './repeated-denials.ts'
import { Spool } from '../spool/spool.ts'
import * as make from '../testing/factories.ts'
import { MemorySink, MemoryWorld } from '../testing/memory-world.ts'

const folders: string[] = []
after(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))))

async function gateOver(policy = make.policy()) {
  const spoolFolder = await mkdtemp(join(tmpdir(), 'gate-denials-'))
  folders.push(spoolFolder)
  const [source, sink, surroundings] = [new MemoryWorld([make.projectWorld({ policy })]), new MemorySink(), make.stillSurroundings()]
  const gate = await createGate({ source, sink, spoolFolder, settings: { pollIntervalMs: 3_600_000 }, surroundings, log: make.memoryLog() })
  const ask = async (review: unknown) => {
    const body = Buffer.from(JSON.stringify(review))
    const caller = { verifiedBy: 'URL_SEGMENT' } as const
    const answer = await gate.handle({ method: 'POST', url: `/v1/webhook/${make.SEGMENT}`, body, caller })
    return JSON.parse(answer.body)
  }
  /** Closes the gate, and reads the texts that it recorded. */
  const recorded = async () => {
    await gate.close()
    const spool = new Spool({ folder: spoolFolder, newWriter: () => 'nobody', maxBytes: 1e9, segmentBytes: 1e6 })
    const texts = spool.readAfter(0, 100).map(({ canonical }) => canonical)
    await spool.close()
    return texts
  }
  return { gate, source, sink, surroundings, ask, recorded }
}

/** What the DaemonSet controller asks for, again and again: each Pod with a uid and, as an API server may have filled it in, a name of its own. */
function daemonPod(number: number, images: readonly string[] = [make.IMAGE]) {
  const name = `agent-${number}`
  const object = make.pod(images, { name, generateName: 'agent-' })
  return make.admissionReview({
    uid: `uid-${number}`,
    name,
    object,
    userInfo: { username: 'system:serviceaccount:kube-system:daemon-set-controller' },
  })
}

describe('identical denials', () => {
  it('DESIGN §6: ten thousand of one broken DaemonSet are two records, which say how many and when', async () => {
    const { gate, surroundings, ask, recorded } = await gateOver()
    const first = await ask(daemonPod(0))
    surroundings.advance(1_000)
    const answers = await Promise.all(Array.from({ length: 9_999 }, (_, index) => ask(daemonPod(index + 1))))
    assert.ok(answers.every(({ response }) => response.allowed === false))
    assert.deepEqual(new Set(answers.map(({ response }) => response.auditAnnotations.receipt)), new Set([first.response.auditAnnotations.receipt]))
    surroundings.advance(DENIAL_WINDOW_MS)
    await ask(daemonPod(10_000))
    const [one, other, ...more] = (await recorded()).map((text) => JSON.parse(text))
    assert.deepEqual(more, [])
    assert.equal(one.repeated, undefined)
    assert.deepEqual(other.repeated, { count: 10_000, first: '2026-01-31T12:00:01.000000Z', last: '2026-01-31T12:01:01.000000Z' })
    assert.deepEqual([one.receiptDigest, one.receipt], [other.receiptDigest, other.receipt])
    assert.notEqual(one.insertId, other.insertId)
    assert.equal(gate.status().counters.answers.denied, 10_001)
  })

  it('that come together wait for the first one to be durable, and are recorded when the gate closes', async () => {
    const { gate, ask, recorded } = await gateOver()
    const answers = await Promise.all(Array.from({ length: 100 }, (_, index) => ask(daemonPod(index))))
    assert.equal(gate.status().spool.sequence, 1)
    assert.equal(new Set(answers.map(({ response }) => response.auditAnnotations.receipt)).size, 1)
    const counts = (await recorded()).map((text) => JSON.parse(text).repeated?.count)
    assert.deepEqual(counts, [undefined, 99])
  })

  it('are in the store when the gate has closed, the last count too', async () => {
    const { gate, sink, ask } = await gateOver()
    for (let number = 0; number < 3; number++) await ask(daemonPod(number))
    await gate.close()
    const counts = [...sink.records.values()].flat().map(({ canonical }) => JSON.parse(canonical).repeated?.count)
    assert.deepEqual(counts, [undefined, 2])
  })

  it('stay in the spool where the store is away as the gate closes, which waits for nobody', async () => {
    const { gate, sink, ask, recorded } = await gateOver()
    sink.away = true
    await ask(daemonPod(0))
    await ask(daemonPod(1))
    assert.equal((await recorded()).length, 2)
    assert.equal(gate.status().spool.shipped, 0)
  })

  it('are written as canonical JSON', async () => {
    const { ask, recorded } = await gateOver()
    await ask(daemonPod(0))
    await ask(daemonPod(1))
    const texts = await recorded()
    assert.equal(texts.length, 2)
    for (const text of texts) assert.equal(text, formatCanonicalJson(JSON.parse(text)))
  })

  for (const [what, other] of [
    ['another image', daemonPod(1, ['nginx'])],
    ['another namespace', { ...daemonPod(1), request: { ...daemonPod(1).request, namespace: 'other' } }],
    ['another person', { ...daemonPod(1), request: { ...daemonPod(1).request, userInfo: { username: 'bob@example.com' } } }],
    ['another owner', make.admissionReview({ object: make.pod([make.IMAGE], { generateName: 'other-' }) })],
    ['the other door', make.imageReview()],
  ] as const)
    it(`are not those of ${what}`, async () => {
      const { gate, ask } = await gateOver()
      await ask(daemonPod(0))
      await ask(other)
      assert.equal(gate.status().spool.sequence, 2)
      await gate.close()
    })

  it('are not those under another policy', async () => {
    const { gate, source, ask } = await gateOver()
    await ask(daemonPod(0))
    await gate.wake(source.putProject(make.projectWorld()))
    await ask(daemonPod(1))
    assert.equal(gate.status().spool.sequence, 2)
    await gate.close()
  })

  it('of an ImageReview are known by namespace and images', async () => {
    const { gate, ask } = await gateOver()
    for (let asked = 0; asked < 3; asked++) await ask(make.imageReview())
    assert.equal(gate.status().spool.sequence, 1)
    await gate.close()
    assert.equal(gate.status().spool.sequence, 2)
  })
})

describe('every other decision has a record of its own:', () => {
  const glass = make.pod([make.IMAGE], { labels: { 'image-policy.k8s.io/break-glass': 'true' } })
  for (const [what, policy, review] of [
    ['an admission', make.policy({ defaultAdmissionRule: make.rule({ evaluationMode: 'ALWAYS_ALLOW' }) }), make.admissionReview()],
    ['a dry run', make.policy({ defaultAdmissionRule: make.rule({ enforcementMode: 'DRYRUN_AUDIT_LOG_ONLY' }) }), make.admissionReview()],
    ['broken glass', make.policy(), make.admissionReview({ object: glass })],
  ] as const)
    it(what, async () => {
      const { gate, ask } = await gateOver(policy)
      for (let asked = 0; asked < 5; asked++) assert.equal((await ask(review)).response.allowed, true)
      assert.equal(gate.status().spool.sequence, 5)
      await gate.close()
    })
})

describe('RepeatedDenials', () => {
  const told = { receipt: '{}', receiptDigest: 'sha256:1', verifiedBy: 'URL_SEGMENT' } as const
  const at = (nowMs: number) => ({ identity: 'a', nowMs, timestamp: new Date(nowMs).toISOString() })
  const ignore = () => {}

  it('forgets an identity that a window passed over in silence', () => {
    const denials = new RepeatedDenials(ignore)
    denials.begin('a', 0, told)('sha256:1')
    denials.endWindows(DENIAL_WINDOW_MS)
    assert.equal(denials.count(at(DENIAL_WINDOW_MS), ignore), false)
  })

  it('keeps a count whose record could not be written, and tells it with the next', () => {
    const written: number[] = []
    const denials = new RepeatedDenials((_, { count }, settle) => settle(written.push(count) > 1))
    denials.begin('a', 0, told)('sha256:1')
    denials.count(at(1), ignore)
    denials.endWindows(DENIAL_WINDOW_MS)
    denials.count(at(DENIAL_WINDOW_MS + 1), ignore)
    denials.endWindows(2 * DENIAL_WINDOW_MS)
    denials.close(2 * DENIAL_WINDOW_MS)
    assert.deepEqual(written, [1, 2])
  })

  it('tells those who waited for a first record that failed, and counts nothing after it', () => {
    const answers: unknown[] = []
    const denials = new RepeatedDenials(ignore)
    const settle = denials.begin('a', 0, told)
    assert.equal(
      denials.count(at(1), (answer) => answers.push(answer)),
      true,
    )
    settle(undefined)
    assert.deepEqual(answers, [undefined])
    assert.equal(denials.count(at(2), ignore), false)
  })

  it('is bounded: what finds no room is not counted', () => {
    const denials = new RepeatedDenials(ignore)
    for (let number = 0; number < 10_001; number++) denials.begin(`i${number}`, 0, told)('sha256:1')
    assert.equal(denials.count({ ...at(1), identity: 'i9999' }, ignore), true)
    assert.equal(denials.count({ ...at(1), identity: 'i10000' }, ignore), false)
    denials.close(1)
    denials.begin('a', 0, { ...told, receipt: 'x'.repeat(20_000) })('sha256:1')
    assert.equal(denials.count(at(1), ignore), false)
  })
})
