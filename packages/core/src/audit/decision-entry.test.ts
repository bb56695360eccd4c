import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decideAdmission } from '../admission/decide.ts'
import type { AdmissionRequest } from '../admission/request.ts'
import { ATTESTOR, evidence, IMAGE, image, policy, request, rule, verified } from '../admission/testing/admission.ts'
import { formatDecisionEntry } from './decision-entry.ts'
import type { LogEntry } from './log-entry.ts'

const ID = '0b4b0c6e-8f0e-4a5c-9b7c-0f1f3a1d2e4f'
const TIME = '2026-01-31T12:00:00.000000Z'
const DENY = evidence([], { policy: policy({ clusterAdmissionRules: { 'us-central1-a.prod': rule('ALWAYS_DENY') } }) })

function entry(asked: AdmissionRequest, known = DENY): LogEntry {
  const decision = decideAdmission(asked, known)
  return formatDecisionEntry({ request: asked, decision, insertId: ID, timestamp: TIME, receiptDigest: 'sha256:1', verifiedBy: 'URL_SEGMENT' })
}

const POD = {
  '@type': 'core.k8s.io/v1.Pod',
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'nginx', namespace: 'default' },
  spec: { containers: [{ name: 'c0', image: 'nginx:latest' }] },
}

test('§6.7 deny (B): an AdmissionReview is logged with code 3, the whole text and VIOLATES_POLICY', () => {
  const message =
    'Image nginx:latest denied by Binary Authorization cluster admission rule for us-central1-a.prod. Denied by always_deny admission rule'
  const logged = entry(request(['nginx:latest'], { user: { username: 'ana@example.com' } }))
  const { metadata, ...payload } = logged.protoPayload
  assert.deepEqual(
    { ...logged, protoPayload: payload },
    {
      logName: 'projects/p1/logs/cloudaudit.googleapis.com%2Factivity',
      insertId: ID,
      timestamp: TIME,
      severity: 'ERROR',
      resource: { type: 'k8s_cluster', labels: { project_id: 'p1', location: 'us-central1-a', cluster_name: 'prod' } },
      operation: { id: ID, producer: 'k8s.io', first: true, last: true },
      protoPayload: {
        '@type': 'type.googleapis.com/google.cloud.audit.AuditLog',
        serviceName: 'k8s.io',
        methodName: 'io.k8s.core.v1.pods.create',
        resourceName: 'core/v1/namespaces/default/pods/nginx',
        authenticationInfo: { principalEmail: 'ana@example.com' },
        authorizationInfo: [{ permission: 'io.k8s.core.v1.pods.create', resource: 'core/v1/namespaces/default/pods/nginx', granted: true }],
        status: { code: 3, message },
        response: {
          '@type': 'core.k8s.io/v1.Status',
          apiVersion: 'v1',
          kind: 'Status',
          metadata: {},
          status: 'Failure',
          code: 400,
          reason: 'VIOLATES_POLICY',
          message,
          details: { kind: 'Pod', causes: [{ reason: "'nginx:latest' : Denied by an ALWAYS_DENY admission rule\n" }] },
        },
        request: POD,
      },
    },
  )
  assert.deepEqual(metadata, {
    '@type': 'type.countersign.dev/countersign.v1.DecisionMetadata',
    source: 'ADMISSION_REVIEW',
    uid: 'b3a5',
    objectType: 'core.k8s.io/v1.Pod',
    outcome: 'DENIED',
    reason: 'VIOLATES_POLICY',
    images: decideAdmission(request(['nginx:latest']), DENY).images,
    policyEtag: '"etag-1"',
    receiptDigest: 'sha256:1',
    verifiedBy: 'URL_SEGMENT',
  })
})

test('§6.7 deny (A): an ImageReview is found by resource.type="k8s_cluster" protoPayload.status.message="PERMISSION_DENIED"', () => {
  const logged = entry(request(['nginx:latest'], { source: 'IMAGE_REVIEW' }))
  assert.equal(logged.resource.type, 'k8s_cluster')
  assert.deepEqual(logged.protoPayload.status, { code: 7, message: 'PERMISSION_DENIED' })
  assert.deepEqual(logged.protoPayload.authorizationInfo, [
    { permission: 'io.k8s.core.v1.pods.create', resource: 'core/v1/namespaces/default/pods/nginx' },
  ])
  assert.deepEqual(logged.protoPayload.response, {
    '@type': 'core.k8s.io/v1.Status',
    apiVersion: 'v1',
    kind: 'Status',
    metadata: {},
    status: 'Failure',
    code: 403,
    reason: 'Forbidden',
    message:
      'pods "nginx" is forbidden: image policy webhook backend denied one or more images: ' +
      'Denied by cluster admission rule for us-central1-a.prod. Overridden by evaluation mode',
    details: { kind: 'pods', name: 'nginx' },
  })
})

test('§6.7 break-glass: found by its label and by the annotation of the request, with the overridden verdict', () => {
  const breakGlass = { via: 'ANNOTATION', key: 'alpha.image-policy.k8s.io/break-glass', value: 'true' } as const
  const logged = entry(request(['nginx:latest'], { breakGlass, source: 'IMAGE_REVIEW' }))
  assert.deepEqual([logged.severity, logged.protoPayload.status], ['WARNING', {}])
  assert.deepEqual(logged.labels, {
    'imagepolicywebhook.image-policy.k8s.io/break-glass': 'true',
    'imagepolicywebhook.image-policy.k8s.io/overridden-verification-result':
      "'nginx:latest': Denied by cluster admission rule for us-central1-a.prod. Overridden by evaluation mode",
  })
  const marked = { ...POD, metadata: { ...POD.metadata, annotations: { 'alpha.image-policy.k8s.io/break-glass': 'true' } } }
  assert.deepEqual([logged.protoPayload.request, logged.protoPayload.response], [marked, marked])
})

test('§6.7 dry run: its label and the overridden verdict; an admission has code 0', () => {
  const dryRun = evidence([], { policy: policy({ defaultAdmissionRule: rule('ALWAYS_DENY', { enforcementMode: 'DRYRUN_AUDIT_LOG_ONLY' }) }) })
  const logged = entry(request(['nginx:latest']), dryRun)
  assert.deepEqual(logged.labels, {
    'imagepolicywebhook.image-policy.k8s.io/dry-run': 'true',
    'imagepolicywebhook.image-policy.k8s.io/overridden-verification-result': "'nginx:latest' : Denied by an ALWAYS_DENY admission rule\n",
  })
  const admitted = entry(request([IMAGE]), evidence([verified()]))
  assert.deepEqual([admitted.severity, admitted.labels, admitted.protoPayload.status], ['INFO', undefined, { code: 0 }])
})

test('an undecided request is logged as neither', () => {
  const logged = entry(request([IMAGE]), evidence([], { attestations: {} }))
  assert.deepEqual([logged.severity, logged.protoPayload.response], ['ERROR', undefined])
  assert.deepEqual(logged.protoPayload.status, { code: 14, message: `Could not decide: the attestations of ${ATTESTOR} could not be looked up` })
})

test('a template, an image volume and an ephemeral container stand in the request where the object has them', () => {
  const images = [
    { ...image('a', 'CONTAINER'), fieldPath: 'spec.template.spec.containers[0].image' },
    { ...image('b', 'IMAGE_VOLUME'), fieldPath: 'spec.template.spec.volumes[0].image.reference' },
  ]
  const workload = { apiVersion: 'apps/v1', kind: 'Deployment', name: '', generateName: 'web-', resource: 'deployments' }
  const logged = entry(request([], { images, workload, operation: 'UPDATE' }))
  assert.deepEqual(logged.protoPayload.request, {
    '@type': 'apps.k8s.io/v1.Deployment',
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { generateName: 'web-', namespace: 'default' },
    spec: { template: { spec: { containers: [{ name: 'c0', image: 'a' }], volumes: [{ name: 'c0', image: { reference: 'b' } }] } } },
  })
  assert.deepEqual(
    [logged.protoPayload.methodName, logged.protoPayload.resourceName],
    ['io.k8s.apps.v1.deployments.update', 'apps/v1/namespaces/default/deployments/web-'],
  )
  const debug = { apiVersion: 'v1', kind: 'Pod', name: 'p', resource: 'pods', subresource: 'ephemeralcontainers' }
  assert.equal(
    entry(request(['a'], { workload: debug, operation: 'UPDATE' })).protoPayload.methodName,
    'io.k8s.core.v1.pods.ephemeralcontainers.update',
  )
})

test('nothing that a caller wrote stands raw in an entry', () => {
  const hostile = '\u001b[2J\u202e'
  const { scope } = request([])
  const asked = request([hostile], {
    uid: hostile,
    user: { username: hostile },
    scope: { ...scope, namespace: hostile },
    workload: { apiVersion: `v1${hostile}`, kind: hostile, name: hostile, resource: hostile, subresource: hostile },
    images: [{ ...image(hostile), containerName: hostile }],
  })
  for (const text of listTexts(entry(asked))) assert.doesNotMatch(text, /[\u001b\u202e]/)
})

function listTexts(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(listTexts) : []
}
