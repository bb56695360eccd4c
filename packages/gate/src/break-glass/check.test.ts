import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { BREAK_GLASS_TOKEN_ANNOTATION, type BreakGlassClaims } from '@countersign/core/break-glass/grant.ts'
import type { BreakGlassSettings } from '@countersign/core/break-glass/settings.ts'
import type { ClusterKey, ProjectId } from '@countersign/core/name/resource-name.ts'
import { NO_SETTINGS } from '@countersign/core/workload/cluster-settings.ts'
import { sealBreakGlassToken } from '@countersign/evidence/break-glass/token.ts'
import { createGate } from '../gate.ts'
import * as make from '../testing/factories.ts'
import { MemorySink, MemoryWorld } from '../testing/memory-world.ts'

const keys = generateKeyPairSync('ed25519')
const publicKey = keys.publicKey.export({ format: 'der', type: 'spki' }).toString('base64')
const NOW = Date.UTC(2026, 0, 31, 12)
const MARK = { 'image-policy.k8s.io/break-glass': 'true' }
const OTHER = `registry.example.com/shop/other@sha256:${'b2'.repeat(32)}`
const CLAIMS: BreakGlassClaims = {
  id: 'g1',
  project: make.PROJECT,
  cluster: 'us-central1-a.prod' as ClusterKey,
  namespace: 'shop',
  subject: { digest: make.DIGEST },
  notBefore: NOW,
  expiresAt: NOW + 60_000,
}
const CLUSTER = make.cluster({ settings: { ...NO_SETTINGS, knative: true, imagePaths: ['argo-rollouts'] } })
const seal = (over: Partial<BreakGlassClaims> = {}, key = keys.privateKey) => sealBreakGlassToken({ ...CLAIMS, ...over }, key)

interface Showing {
  readonly settings?: BreakGlassSettings
  readonly revoked?: readonly string[]
  readonly images?: readonly string[]
  /** Of the request, over a Pod made by a person. */
  readonly request?: (object: object) => object
  readonly publicKey?: string
}

/** Asks a gate of a project that denies everything about a Pod that carries the mark and this token; gives what it answered. */
async function show(t: TestContext, token: string | undefined, showing: Showing = {}) {
  const { settings = { mode: 'token', clusters: {} }, revoked = [], images = [make.IMAGE] } = showing
  const spoolFolder = mkdtempSync(join(tmpdir(), 'cs-'))
  t.after(() => rmSync(spoolFolder, { recursive: true }))
  const source = new MemoryWorld([
    make.projectWorld({ clusters: [CLUSTER], breakGlass: { settings, publicKey: showing.publicKey ?? publicKey, revoked } }),
  ])
  const sink = new MemorySink()
  const gate = await createGate({ source, sink, spoolFolder, surroundings: make.stillSurroundings(NOW), log: make.memoryLog() })
  const annotations = token === undefined ? {} : { [BREAK_GLASS_TOKEN_ANNOTATION]: token }
  const object = make.pod(images, { labels: MARK, annotations })
  const review = make.admissionReview({ object, ...showing.request?.(object) })
  const body = Buffer.from(JSON.stringify(review))
  const answer = await gate.handle({ method: 'POST', url: `/v1/webhook/${make.SEGMENT}`, body, caller: { verifiedBy: 'URL_SEGMENT' } })
  await gate.shipped()
  await gate.close()
  const { allowed, warnings, auditAnnotations } = JSON.parse(answer.body).response
  return { allowed, warning: warnings?.[0], refused: auditAnnotations['break-glass-refused'], grant: auditAnnotations['break-glass-grant'], sink }
}

test('a token that was sealed for this image, namespace and moment breaks the glass, and its grant is on record, it itself never', async (t) => {
  const token = seal()
  const { allowed, grant, refused, sink } = await show(t, token)
  assert.deepEqual({ allowed, grant, refused }, { allowed: true, grant: 'g1', refused: undefined })
  const text = JSON.stringify([...sink.records.values()])
  assert.ok(text.includes('g1') && !text.includes(token))
})

/** A Pod that names the Deployment's ReplicaSet as its controller. */
function ownedBy(username: string): (object: object) => object {
  const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-6d4b75cb6d', uid: 'u', controller: true }]
  return (object) => {
    const { metadata, ...rest } = object as { readonly metadata: { readonly labels: object } }
    const labels = { ...metadata.labels, 'pod-template-hash': '6d4b75cb6d' }
    return { object: { ...rest, metadata: { ...metadata, labels, ownerReferences } }, userInfo: { username } }
  }
}

const REFUSED: Readonly<Record<string, readonly [string | undefined, Showing?]>> = {
  TOKEN_ABSENT: [undefined],
  TOKEN_MALFORMED: ['csbg1.e30'],
  'TOKEN_FORGED by an edit': [seal().replace('csbg1.e', 'csbg1.f')],
  'TOKEN_FORGED by another key': [seal({}, generateKeyPairSync('ed25519').privateKey)],
  'TOKEN_FORGED where nobody ever approved one': [seal(), { publicKey: '' }],
  TOKEN_REVOKED: [seal(), { revoked: ['g1'] }],
  TOKEN_NOT_YET: [seal({ notBefore: NOW + 1 })],
  TOKEN_EXPIRED: [seal({ notBefore: NOW - 60_000, expiresAt: NOW })],
  OTHER_PROJECT: [seal({ project: 'prod-2' as ProjectId })],
  OTHER_CLUSTER: [seal({ cluster: 'us-central1-a.test' as ClusterKey })],
  OTHER_NAMESPACE: [seal({ namespace: 'kube-system' })],
  'OTHER_WORKLOAD for a Pod of a person': [seal({ workload: 'apps/v1/Deployment/web' })],
  'OTHER_WORKLOAD for a Pod whose owner a person wrote': [seal({ workload: 'apps/v1/Deployment/web' }), { request: ownedBy('ann') }],
  OTHER_IMAGE: [seal(), { images: [make.IMAGE, OTHER] }],
}

for (const [name, [token, showing]] of Object.entries(REFUSED)) {
  test(`a mark is refused with its own reason: ${name}`, async (t) => {
    const { allowed, warning, refused } = await show(t, token, showing)
    const code = name.split(' ')[0]
    assert.deepEqual({ allowed, refused }, { allowed: false, refused: code })
    assert.ok(warning.startsWith(`Break-glass does not count (${code}): `), warning)
  })
}

test('a token for a repository covers every image of it', async (t) => {
  const subject = { pattern: 'registry.example.com/shop/*' }
  assert.equal((await show(t, seal({ subject }), { images: [make.IMAGE, OTHER] })).allowed, true)
})

test('a cluster whose mode is "anyone" asks for none, whatever its project’s is', async (t) => {
  const settings: BreakGlassSettings = { mode: 'token', clusters: { [CLAIMS.cluster]: 'anyone' } }
  assert.equal((await show(t, undefined, { settings })).allowed, true)
})

test('a token that is bound to a Deployment reaches the Pods that its controllers make', async (t) => {
  const controller = 'system:serviceaccount:kube-system:replicaset-controller'
  const { allowed, grant } = await show(t, seal({ workload: 'apps/v1/Deployment/web' }), { request: ownedBy(controller) })
  assert.deepEqual([allowed, grant], [true, 'g1'])
})

test('the token of a Knative Service stands beside Cloud Run’s mark, and that of a custom resource in its template', async (t) => {
  const spec = { template: { spec: { containers: [{ name: 'a', image: make.IMAGE }] } } }
  const annotations = { [BREAK_GLASS_TOKEN_ANNOTATION]: seal() }
  const asking = { 'run.googleapis.com/binary-authorization': 'default', 'run.googleapis.com/binary-authorization-breakglass': 'INC-42' }
  const service = {
    apiVersion: 'serving.knative.dev/v1',
    kind: 'Service',
    metadata: { name: 'web', annotations: { ...annotations, ...asking } },
    spec,
  }
  const template = { ...spec.template, metadata: { labels: MARK, annotations } }
  const rollout = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', metadata: { name: 'web' }, spec: { template } }
  for (const object of [service, rollout]) {
    const [group = '', version = ''] = object.apiVersion.split('/')
    const named = { kind: { group, version, kind: object.kind }, resource: { group, version, resource: 'any' } }
    const { allowed, grant, refused } = await show(t, undefined, { request: () => ({ object, ...named }) })
    assert.deepEqual([allowed, grant, refused], [true, 'g1', undefined], object.kind)
  }
})
