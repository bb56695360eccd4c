import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { formatRecordedEntry } from '@countersign/core/audit/decision-record.ts'
import { formatCanonicalJson } from '@countersign/evidence/record/canonical-json.ts'
import { createGate } from './gate.ts'
import type { ProjectWorld } from './ports.ts'
import type { GateSettings } from './settings.ts'
import * as make from './testing/factories.ts'
import { MemorySink, MemoryWorld } from './testing/memory-world.ts'

const folders: string[] = []
after(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))))

async function gateOver(project: Partial<ProjectWorld> = {}, settings: Partial<GateSettings> = {}) {
  const spoolFolder = await mkdtemp(join(tmpdir(), 'gate-'))
  folders.push(spoolFolder)
  const source = new MemoryWorld([make.projectWorld({ policyEtag: 'etag', ...project })])
  const sink = new MemorySink()
  const surroundings = make.stillSurroundings()
  const log = make.memoryLog()
  const gate = await createGate({ source, sink, spoolFolder, settings: { pollIntervalMs: 3_600_000, ...settings }, surroundings, log })
  const ask = async (body: unknown, path = `/v1/webhook/${make.SEGMENT}?timeout=10s`) => {
    const bytes = body instanceof Uint8Array ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
    const { status, body: text } = await gate.handle({ method: 'POST', url: path, body: bytes, caller: { verifiedBy: 'URL_SEGMENT' } })
    return { status, body: JSON.parse(text) }
  }
  const records = async () => {
    await gate.shipped()
    return [...sink.records.values()].flat().map((record) => JSON.parse(record.canonical))
  }
  return { gate, source, sink, surroundings, log, ask, records, spoolFolder }
}

const ALLOW = make.policy({ defaultAdmissionRule: make.rule({ evaluationMode: 'ALWAYS_ALLOW' }) })

describe('an AdmissionReview', () => {
  it('is denied as §6.4 generation B says, with a fix among the warnings', async () => {
    const { ask, records } = await gateOver()
    const { status, body } = await ask(make.admissionReview())
    const [record] = await records()
    assert.equal(status, 200)
    assert.equal(body.response.uid, make.UID)
    assert.equal(body.response.allowed, false)
    assert.deepEqual(body.response.status, {
      status: 'Failure',
      code: 400,
      reason: 'VIOLATES_POLICY',
      message: `Image ${make.IMAGE} denied by Binary Authorization default admission rule. Denied by always_deny admission rule`,
      details: {
        name: 'web-1',
        kind: 'Pod',
        causes: [
          { reason: `'${make.IMAGE}' : Denied by an ALWAYS_DENY admission rule\n`, message: 'ALWAYS_DENY', field: 'spec.containers[0].image' },
        ],
      },
    })
    assert.equal(body.response.warnings.length, 1)
    assert.equal(body.response.auditAnnotations['policy-etag'], 'etag')
    assert.equal(body.response.auditAnnotations.receipt, record.receiptDigest)
    assert.equal(record.receipt.decision.reason, 'VIOLATES_POLICY')
    assert.equal(`sha256:${hash('sha256', `countersign.receipt.v1\n${formatCanonicalJson(record.receipt)}`)}`, record.receiptDigest)
  })

  it('is allowed by the rule, with its receipt in the audit annotations', async () => {
    const { ask, records } = await gateOver({ policy: ALLOW })
    const { body } = await ask(make.admissionReview())
    const [record] = await records()
    assert.deepEqual(body, {
      kind: 'AdmissionReview',
      apiVersion: 'admission.k8s.io/v1',
      response: {
        uid: make.UID,
        allowed: true,
        auditAnnotations: { receipt: record.receiptDigest, 'policy-etag': 'etag' },
      },
    })
  })

  it('of an attested image is allowed without any call to the store once it is warm', async () => {
    const { attestor, attest, named } = make.attestorWithKey()
    const { ask, source } = await gateOver({
      policy: make.policy({ defaultAdmissionRule: make.attestedBy(attestor.name) }),
      attestors: { [attestor.name]: named },
    })
    source.addAttestation(attest(make.DIGEST), make.DIGEST)
    const first = await ask(make.admissionReview())
    const calls = { ...source.calls }
    const second = await ask(make.admissionReview())
    assert.equal(first.body.response.allowed, true)
    assert.equal(second.body.response.allowed, true)
    assert.deepEqual(source.calls, calls)
  })

  it('of one image asked for a hundred times at once looks up and verifies once', async () => {
    const { attestor, attest, named } = make.attestorWithKey()
    const { ask, source, gate } = await gateOver({
      policy: make.policy({ defaultAdmissionRule: make.attestedBy(attestor.name) }),
      attestors: { [attestor.name]: named },
    })
    source.addAttestation(attest(make.DIGEST), make.DIGEST)
    const answers = await Promise.all(Array.from({ length: 100 }, () => ask(make.admissionReview())))
    assert.ok(answers.every((answer) => answer.body.response.allowed === true))
    assert.equal(source.calls.findAttestations, 1)
    assert.equal(gate.status().facts.checks, 1)
  })

  for (const [name, over] of [
    ['DELETE', { operation: 'DELETE', object: null, oldObject: make.pod() }],
    ['CONNECT', { operation: 'CONNECT', object: { kind: 'PodExecOptions', apiVersion: 'v1' } }],
    ['the status subresource', { operation: 'UPDATE', subResource: 'status', oldObject: make.pod() }],
    [
      'a thing without images',
      {
        object: { kind: 'ConfigMap', apiVersion: 'v1', metadata: {} },
        kind: { group: '', version: 'v1', kind: 'ConfigMap' },
        resource: { group: '', version: 'v1', resource: 'configmaps' },
      },
    ],
  ] as const) {
    it(`is allowed without a record for ${name}`, async () => {
      const { ask, gate } = await gateOver()
      const { body } = await ask(make.admissionReview(over))
      assert.deepEqual(body.response, { uid: make.UID, allowed: true })
      assert.equal(gate.status().spool.sequence, 0)
    })
  }

  it('of an UPDATE judges new images only', async () => {
    const { ask } = await gateOver()
    const labelled = await ask(
      make.admissionReview({ operation: 'UPDATE', object: make.pod([make.IMAGE], { labels: { a: 'b' } }), oldObject: make.pod() }),
    )
    const changed = await ask(make.admissionReview({ operation: 'UPDATE', object: make.pod(['nginx']), oldObject: make.pod() }))
    assert.equal(labelled.body.response.allowed, true)
    assert.equal(changed.body.response.allowed, false)
  })

  it('of pods/ephemeralcontainers judges the ephemeral container', async () => {
    const { ask } = await gateOver({ policy: make.policy({ admissionWhitelistPatterns: [{ namePattern: make.IMAGE }] }) })
    const object = { ...make.pod(), spec: { ...make.pod().spec, ephemeralContainers: [{ name: 'debug', image: 'busybox' }] } }
    const { body } = await ask(make.admissionReview({ operation: 'UPDATE', subResource: 'ephemeralcontainers', object, oldObject: make.pod() }))
    assert.equal(body.response.allowed, false)
    assert.match(body.response.status.message, /^Image busybox denied/)
  })

  it('§6.5: breaks the glass by label, and says and records what was overridden', async () => {
    const { ask, records } = await gateOver()
    const { body } = await ask(make.admissionReview({ object: make.pod([make.IMAGE], { labels: { 'image-policy.k8s.io/break-glass': 'true' } }) }))
    const [record] = await records()
    assert.equal(body.response.allowed, true)
    assert.equal(body.response.auditAnnotations['break-glass'], 'true')
    assert.equal(body.response.auditAnnotations['overridden-verification-result'], `'${make.IMAGE}' : Denied by an ALWAYS_DENY admission rule\n`)
    assert.equal(formatRecordedEntry(record).labels?.['imagepolicywebhook.image-policy.k8s.io/break-glass'], 'true')
  })

  it('is recorded under another webhook name where a setting says one, and only then', async () => {
    const object = make.pod([make.IMAGE], { labels: { 'image-policy.k8s.io/break-glass': 'true' } })
    const own = await gateOver({}, { webhookName: 'binaryauthorization.googleapis.com' })
    const usual = await gateOver()
    for (const { ask } of [own, usual]) await ask(make.admissionReview({ object }))
    const [record] = await own.records()
    assert.equal(record.webhookName, 'binaryauthorization.googleapis.com')
    assert.equal(formatRecordedEntry(record).labels?.['binaryauthorization.googleapis.com/break-glass'], 'true')
    assert.equal((await usual.records())[0].webhookName, undefined)
  })

  it('§6.6: a dry-run rule admits and says so', async () => {
    const { ask } = await gateOver({ policy: make.policy({ defaultAdmissionRule: make.rule({ enforcementMode: 'DRYRUN_AUDIT_LOG_ONLY' }) }) })
    const { body } = await ask(make.admissionReview())
    assert.equal(body.response.allowed, true)
    assert.equal(body.response.auditAnnotations['dry-run'], 'true')
    assert.match(body.response.warnings[0], /^Dry run: would be denied/)
  })

  it('of a server-side dry run leaves no record', async () => {
    const { ask, gate } = await gateOver({ policy: ALLOW })
    const { body } = await ask(make.admissionReview({ dryRun: true }))
    assert.equal(body.response.allowed, true)
    assert.equal(gate.status().spool.sequence, 0)
  })

  it('never has a warning longer than 256 characters', async () => {
    const { ask } = await gateOver()
    const images = Array.from({ length: 40 }, (_, index) => `registry.example.com/${'long/'.repeat(40)}i${index}@${make.DIGEST}`)
    const { body } = await ask(make.admissionReview({ object: make.pod(images) }))
    assert.ok(body.response.warnings.length <= 10)
    assert.ok(body.response.warnings.every((warning: string) => warning.length <= 256))
  })
})

describe('an ImageReview', () => {
  it('is denied as §6.4 generation A says, without the API server’s own prefix', async () => {
    const { ask, records } = await gateOver()
    const { body } = await ask(make.imageReview())
    const [record] = await records()
    assert.deepEqual([body.kind, body.apiVersion, body.status.allowed], ['ImageReview', 'imagepolicy.k8s.io/v1alpha1', false])
    assert.equal(body.status.reason, 'Denied by default admission rule. Overridden by evaluation mode')
    assert.equal(formatRecordedEntry(record).protoPayload.status.code, 7)
  })

  it('breaks the glass by the legacy annotation', async () => {
    const { ask } = await gateOver()
    const { body } = await ask(make.imageReview([make.IMAGE], { annotations: { 'alpha.image-policy.k8s.io/break-glass': 'true' } }))
    assert.equal(body.status.allowed, true)
    assert.equal(body.status.auditAnnotations['break-glass'], 'true')
  })

  it('that must show its labels is not denied without them, and one that must show its image volumes is not admitted', async () => {
    const denying = await gateOver({}, { imageReviewMustShow: ['LABELS'] })
    const allowing = await gateOver({ policy: ALLOW }, { imageReviewMustShow: ['IMAGE_VOLUMES'] })
    assert.match((await denying.ask(make.imageReview())).body.message, /could not decide \(NEEDS_LABELS\)/)
    assert.match((await allowing.ask(make.imageReview())).body.message, /could not decide \(NEEDS_IMAGE_VOLUMES\)/)
    assert.deepEqual((await denying.records())[0].receipt.imageReviewMustShow, ['LABELS'])
    assert.equal((await denying.ask(make.admissionReview())).body.response.allowed, false)
  })

  it('that a service-account rule would need to see more of is not decided', async () => {
    const { ask } = await gateOver({ policy: make.policy({ kubernetesServiceAccountAdmissionRules: { 'shop:web': make.rule() } }) })
    const { status, body } = await ask(make.imageReview())
    assert.equal(status, 503)
    assert.match(body.message, /could not decide \(NEEDS_SERVICE_ACCOUNT\)/)
  })
})

describe('what could not be decided', () => {
  it('is a failed call, so that the failure policy of the cluster speaks: unknown segment', async () => {
    const { ask } = await gateOver({ policy: ALLOW })
    const { status, body } = await ask(make.admissionReview(), '/v1/webhook/unknown')
    assert.deepEqual([status, body.kind, body.status], [404, 'Status', 'Failure'])
    assert.match(body.message, /UNKNOWN_CLUSTER/)
  })

  it('is a refusal that says so where the cluster’s owner chose that', async () => {
    const { attestor, named } = make.attestorWithKey()
    const project = { policy: make.policy({ defaultAdmissionRule: make.attestedBy(attestor.name) }), attestors: { [attestor.name]: named } }
    const { ask, source } = await gateOver(project, { undecided: 'deny' })
    source.away = true
    const { status, body } = await ask(make.admissionReview())
    assert.deepEqual([status, body.response.uid, body.response.allowed, body.response.status.code], [200, make.UID, false, 503])
    assert.match(body.response.status.message, /could not decide \(STORE_UNAVAILABLE\)/)
  })

  it('is said when the store does not answer before the review’s own deadline', async () => {
    const { attestor, named } = make.attestorWithKey()
    const { ask, source, gate } = await gateOver({
      policy: make.policy({ defaultAdmissionRule: make.attestedBy(attestor.name) }),
      attestors: { [attestor.name]: named },
    })
    source.beforeAnswer = () => new Promise(() => {})
    const { status, body } = await ask(make.admissionReview(), `/v1/webhook/${make.SEGMENT}?timeout=201ms`)
    assert.equal(status, 503)
    assert.match(body.message, /DEADLINE_EXCEEDED/)
    assert.equal(gate.status().counters.undecided.DEADLINE_EXCEEDED, 1)
  })

  it('beyond the staleness budget, and decides again when the feed was read', async () => {
    const { ask, surroundings, gate } = await gateOver({ policy: ALLOW }, { stalenessBudgetMs: 60_000 })
    surroundings.advance(60_001)
    const stale = await ask(make.admissionReview())
    await gate.wake()
    const fresh = await ask(make.admissionReview())
    assert.equal(stale.status, 503)
    assert.match(stale.body.message, /STALE/)
    assert.equal(fresh.body.response.allowed, true)
  })

  it('goes on with what it has while the store is away, without a budget', async () => {
    const { ask, source, surroundings, gate } = await gateOver({ policy: ALLOW })
    source.away = true
    surroundings.advance(86_400_000)
    await assert.rejects(gate.wake(), { code: 'UNAVAILABLE' })
    const { body } = await ask(make.admissionReview())
    assert.equal(body.response.allowed, true)
    assert.equal(gate.status().ageMs, 86_400_000)
  })

  it('before the world was read for the first time', async () => {
    const spoolFolder = await mkdtemp(join(tmpdir(), 'gate-'))
    folders.push(spoolFolder)
    const source = new MemoryWorld([make.projectWorld()])
    source.away = true
    const gate = await createGate({
      source,
      sink: new MemorySink(),
      spoolFolder,
      surroundings: make.stillSurroundings(),
      log: make.memoryLog(),
      settings: { pollIntervalMs: 3_600_000 },
    })
    const answer = await gate.handle({
      method: 'POST',
      url: `/v1/webhook/${make.SEGMENT}`,

      body: Buffer.from(JSON.stringify(make.admissionReview())),
      caller: { verifiedBy: 'URL_SEGMENT' },
    })
    assert.equal(answer.status, 503)
    assert.match(answer.body, /STORE_UNAVAILABLE/)
    assert.equal(gate.status().ready, false)
  })
})

describe('a spool that cannot be written', () => {
  async function broken(project: Partial<ProjectWorld>) {
    const opened = await gateOver(project)
    await rm(opened.spoolFolder, { recursive: true })
    return opened
  }

  it('§8: leaves enforced rules undecided', async () => {
    const { ask, log, gate } = await broken({ policy: ALLOW })
    const { status, body } = await ask(make.admissionReview())
    assert.equal(status, 503)
    assert.match(body.message, /SPOOL_UNAVAILABLE/)
    assert.equal(gate.status().counters.undecided.SPOOL_UNAVAILABLE, 1)
    assert.ok(log.lines.some((line) => line.startsWith('alarm: ')))
  })

  it('§8: admits by break-glass, with an annotation and an alarm', async () => {
    const { ask, log } = await broken({})
    const { body } = await ask(make.admissionReview({ object: make.pod([make.IMAGE], { labels: { 'image-policy.k8s.io/break-glass': 'true' } }) }))
    assert.equal(body.response.allowed, true)
    assert.equal(body.response.auditAnnotations.unrecorded, 'SPOOL_UNAVAILABLE')
    assert.equal(body.response.auditAnnotations.receipt, undefined)
    assert.ok(log.lines.some((line) => line.startsWith('alarm: ')))
  })

  it('is no matter to what leaves no record', async () => {
    const { ask } = await broken({ policy: ALLOW })
    assert.equal((await ask(make.admissionReview({ dryRun: true }))).body.response.allowed, true)
    assert.equal((await ask(make.admissionReview({ operation: 'DELETE', object: null }))).body.response.allowed, true)
  })
})

describe('a change', () => {
  it('of the policy is law as soon as wake() resolves', async () => {
    const { ask, source, gate } = await gateOver({ policy: ALLOW })
    const before = await ask(make.admissionReview())
    await gate.wake(source.putProject(make.projectWorld()))
    const after = await ask(make.admissionReview())
    assert.deepEqual([before.body.response.allowed, after.body.response.allowed], [true, false])
  })

  it('that takes the attestation away leaves no stale allow', async () => {
    const { attestor, attest, named } = make.attestorWithKey()
    const { ask, source, gate } = await gateOver({
      policy: make.policy({ defaultAdmissionRule: make.attestedBy(attestor.name) }),
      attestors: { [attestor.name]: named },
    })
    const attestation = attest(make.DIGEST)
    source.addAttestation(attestation, make.DIGEST)
    const before = await ask(make.admissionReview())
    await gate.wake(source.removeAttestation(attestation, make.DIGEST))
    const after = await ask(make.admissionReview())
    assert.deepEqual([before.body.response.allowed, after.body.response.allowed], [true, false])
  })

  it('that adds an attestation is seen although "none found" was known', async () => {
    const { attestor, attest, named } = make.attestorWithKey()
    const { ask, source, gate } = await gateOver({
      policy: make.policy({ defaultAdmissionRule: make.attestedBy(attestor.name) }),
      attestors: { [attestor.name]: named },
    })
    const before = await ask(make.admissionReview())
    await gate.wake(source.addAttestation(attest(make.DIGEST), make.DIGEST))
    const after = await ask(make.admissionReview())
    assert.deepEqual([before.body.response.allowed, after.body.response.allowed], [false, true])
  })

  it('that deletes the project leaves its cluster unknown, never decided', async () => {
    const { ask, source, gate } = await gateOver({ policy: ALLOW })
    await gate.wake(source.deleteProject(make.PROJECT))
    assert.equal((await ask(make.admissionReview())).status, 404)
  })

  it('behind a feed that was compacted is found by reading everything anew', async () => {
    const { ask, source, gate } = await gateOver({ policy: ALLOW })
    source.putProject(make.projectWorld())
    source.compact()
    await gate.wake()
    assert.equal((await ask(make.admissionReview())).body.response.allowed, false)
  })
})
