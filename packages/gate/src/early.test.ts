import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { type ClusterSettings, NO_SETTINGS } from '@countersign/core/workload/cluster-settings.ts'
import { createGate } from './gate.ts'
import * as make from './testing/factories.ts'
import { MemorySink, MemoryWorld } from './testing/memory-world.ts'

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
  const answer = await gate.handle({ method: 'POST', url: `/v1/webhook/${make.SEGMENT}`, headers: {}, body, caller: { verifiedBy: 'URL_SEGMENT' } })
  await gate.shipped()
  const { allowed, warnings = [] } = (JSON.parse(answer.body) as { readonly response: { readonly allowed: boolean; readonly warnings?: string[] } })
    .response
  return { allowed, first: warnings[0] ?? '', records: [...sink.records.values()].flat().length }
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
  const { allowed, first, records } = await ask(t, { workloads: 'warn' }, { object: DEPLOYMENT })
  assert.deepEqual([allowed, records], [true, 0])
  assert.match(first, /^Its Pods would be refused: Image /)
})

test('workloads: ignore does not look at a Deployment', async (t) => {
  assert.deepEqual(await ask(t, { workloads: 'ignore' }, { object: DEPLOYMENT }), { allowed: true, first: '', records: 0 })
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

test('a custom kind’s template can carry the break-glass mark', async (t) => {
  const template = { metadata: { labels: { 'image-policy.k8s.io/break-glass': 'true' } }, spec: SPEC }
  const { allowed, first } = await ask(t, { imagePaths: ['argo-rollouts'] }, { object: { ...ROLLOUT, spec: { template } } })
  assert.equal(allowed, true)
  assert.match(first, /^Break-glass: /)
})
