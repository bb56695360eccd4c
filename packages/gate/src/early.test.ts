import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { type ClusterSettings, NO_SETTINGS } from '@countersign/core/workload/cluster-settings.ts'
import { createGate } from './gate.ts'
import * as make from './testing/factories.ts'
import { MemorySink, MemoryWorld } from './testing/memory-world.ts'

interface Response {
  readonly allowed: boolean
  readonly warnings?: readonly string[]
  readonly status?: { readonly reason: string; readonly message: string }
}

async function ask(t: TestContext, settings: Partial<ClusterSettings>, asked: { readonly object: object; readonly oldObject?: object }) {
  const spoolFolder = mkdtempSync(join(tmpdir(), 'early-'))
  const sink = new MemorySink()
  const clusters = [make.cluster({ settings: { ...NO_SETTINGS, ...settings } })]
  const source = new MemoryWorld([make.projectWorld({ clusters })])
  const gate = await createGate({ source, sink, spoolFolder, surroundings: make.stillSurroundings(), log: make.memoryLog() })
  t.after(async () => {
    await gate.close(0)
    rmSync(spoolFolder, { recursive: true, force: true })
  })
  const { apiVersion, kind } = asked.object as { readonly apiVersion: string; readonly kind: string }
  const [version = '', group = ''] = apiVersion.split('/').reverse()
  const request = {
    uid: make.UID,
    kind: { group, version, kind },
    resource: { group, version, resource: `${kind.toLowerCase()}s` },
    operation: asked.oldObject === undefined ? 'CREATE' : 'UPDATE',
    namespace: 'default',
    name: 'web',
    userInfo: { username: 'ann' },
    dryRun: false,
    ...asked,
  }
  const body = Buffer.from(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request }))
  const answer = await gate.handle({ method: 'POST', url: `/v1/webhook/${make.SEGMENT}`, body, caller: { verifiedBy: 'URL_SEGMENT' } })
  await gate.shipped()
  const { allowed, warnings = [], status } = (JSON.parse(answer.body) as { readonly response: Response }).response
  const said = status === undefined ? {} : { reason: status.reason, message: status.message }
  const { answers } = gate.status().counters
  const counted = Object.entries(answers).flatMap(([name, count]) => (count === 0 ? [] : [name]))
  return { allowed, first: warnings[0] ?? '', records: [...sink.records.values()].flat().length, counted, ...said }
}

const SPEC = { containers: [{ name: 'app', image: make.IMAGE }] }
const DEPLOYMENT = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec: { template: { metadata: {}, spec: SPEC } } }
const ROLLOUT = { ...DEPLOYMENT, apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout' }
const POD = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec: SPEC }

test('workloads: deny refuses a Deployment, on record; so does a cluster of which nothing was said', async (t) => {
  for (const settings of [{ workloads: 'deny' as const }, {}]) {
    const { allowed, records } = await ask(t, settings, { object: DEPLOYMENT })
    assert.deepEqual([allowed, records], [false, 1])
  }
})

test('workloads: warn admits a Deployment and says what its Pods will meet, without a record', async (t) => {
  const { allowed, first, records, counted } = await ask(t, { workloads: 'warn' }, { object: DEPLOYMENT })
  assert.deepEqual([allowed, records, counted], [true, 0, ['warned']])
  assert.match(first, /^Its Pods would be refused: Image /)
})

test('workloads: ignore does not look at a Deployment', async (t) => {
  assert.deepEqual(await ask(t, { workloads: 'ignore' }, { object: DEPLOYMENT }), {
    allowed: true,
    first: '',
    records: 0,
    counted: ['nothingToJudge'],
  })
})

test('a Pod is refused whatever is said of workloads', async (t) => {
  for (const workloads of ['deny', 'warn', 'ignore'] as const) assert.equal((await ask(t, { workloads }, { object: POD })).allowed, false)
})

test('a custom kind is judged where a path says where it names images, and only there', async (t) => {
  const imagePaths = ['argo-rollouts']
  assert.equal((await ask(t, { imagePaths }, { object: ROLLOUT })).allowed, false)
  assert.equal((await ask(t, {}, { object: ROLLOUT })).allowed, true)
  assert.equal((await ask(t, { imagePaths, workloads: 'warn' }, { object: ROLLOUT })).allowed, true)
  assert.equal((await ask(t, { imagePaths }, { object: { ...ROLLOUT, spec: { workloadRef: {} } } })).allowed, true)
})

test('a custom kind’s update that leaves its images is never refused', async (t) => {
  const scaled = { ...ROLLOUT, spec: { ...ROLLOUT.spec, replicas: 0 } }
  assert.equal((await ask(t, { imagePaths: ['argo-rollouts'] }, { object: scaled, oldObject: ROLLOUT })).allowed, true)
})

test('§6.8: a Knative Service that asks for it is refused as Cloud Run says, unless it carries a justification', async (t) => {
  const service = (annotations: object) => ({ ...ROLLOUT, apiVersion: 'serving.knative.dev/v1', kind: 'Service', metadata: { annotations } })
  const asking = { 'run.googleapis.com/binary-authorization': 'default' }
  const settings = { knative: true, workloads: 'ignore' as const }
  const refused = await ask(t, settings, { object: service(asking) })
  assert.deepEqual([refused.allowed, refused.reason], [false, 'ContainerImageUnauthorized'])
  assert.equal(
    refused.message,
    `Service update rejected by Binary Authorization policy: Container image '${make.IMAGE}' is not authorized by policy. Denied by always_deny admission rule`,
  )
  assert.equal((await ask(t, settings, { object: service({}) })).allowed, true)
  assert.equal((await ask(t, {}, { object: service(asking) })).allowed, true)
  const turnedOn = await ask(t, settings, { object: service(asking), oldObject: service({}) })
  assert.equal(turnedOn.allowed, false)
  const broken = await ask(t, settings, { object: service({ ...asking, 'run.googleapis.com/binary-authorization-breakglass': 'incident 12' }) })
  assert.deepEqual([broken.allowed, broken.records], [true, 1])
  const alone = await ask(t, settings, { object: service({ 'run.googleapis.com/binary-authorization-breakglass': 'incident 12' }) })
  assert.deepEqual([alone.allowed, alone.records], [false, 0])
})

test('a custom kind’s template can carry the break-glass mark', async (t) => {
  const template = { metadata: { labels: { 'image-policy.k8s.io/break-glass': 'true' } }, spec: SPEC }
  const { allowed, first } = await ask(t, { imagePaths: ['argo-rollouts'] }, { object: { ...ROLLOUT, spec: { template } } })
  assert.equal(allowed, true)
  assert.match(first, /^Break-glass: /)
})
