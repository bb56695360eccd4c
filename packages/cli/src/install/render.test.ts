import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { formatIssue } from '@countersign/core/parsed.ts'
import { isJsonObject } from '@countersign/core/json-object.ts'
import type { KubernetesObject } from './object.ts'
import { DEFAULT_VALUES, parseValues } from './parse-values.ts'
import { renderInstallation } from './render.ts'

const PATH = '/v1/webhook/segment'
const GATE = { mode: 'gate', cluster: 'l.c', project: 'demo', upstream: { url: 'https://countersign.example:8080' }, webhook: { path: PATH } }

function render(tree: unknown, namespace = 'cs'): readonly KubernetesObject[] {
  const values = parseValues(tree)
  assert.ok(values.ok, JSON.stringify(values))
  return renderInstallation({ namespace, values: values.value })
}

function issuesOf(tree: unknown): readonly string[] {
  const parsed = parseValues(tree)
  return parsed.ok ? [] : parsed.issues.map(formatIssue)
}

function find(objects: readonly KubernetesObject[], kind: string): KubernetesObject {
  return objects.find((object) => object.kind === kind) ?? assert.fail(`There is no ${kind}`)
}

/** Every object within a tree that has the member. */
function holders(tree: unknown, member: string): readonly Readonly<Record<string, unknown>>[] {
  if (Array.isArray(tree)) return tree.flatMap((inner) => holders(inner, member))
  if (!isJsonObject(tree)) return []
  return [...(Object.hasOwn(tree, member) ? [tree] : []), ...Object.values(tree).flatMap((inner) => holders(inner, member))]
}

describe('renderInstallation()', () => {
  test('a server is one Pod on a volume, whatever replicas say, and has no webhook before its cluster is known', () => {
    const objects = render({ replicas: 5 })
    const around = 'Namespace ServiceAccount ServiceAccount Role RoleBinding ClusterRole ClusterRoleBinding'
    assert.equal(objects.map(({ kind }) => kind).join(' '), `${around} Deployment Service Service Service StatefulSet NetworkPolicy`)
    const spec = find(objects, 'StatefulSet')['spec'] as Readonly<Record<string, unknown>>
    assert.deepEqual([spec['replicas'], (spec['volumeClaimTemplates'] as readonly unknown[]).length], [1, 1])
  })

  test('gates are several Pods with a disruption budget, and the webhook comes last', () => {
    const objects = render({ ...GATE, replicas: 3 })
    assert.equal(objects.at(-1)?.kind, 'ValidatingWebhookConfiguration')
    assert.deepEqual((find(objects, 'PodDisruptionBudget')['spec'] as { maxUnavailable: number }).maxUnavailable, 1)
  })

  test('every container is nobody, can write nowhere but to its volumes, and gains no privilege', () => {
    for (const tree of [{}, GATE]) {
      for (const container of holders(render(tree), 'imagePullPolicy'))
        assert.deepEqual(container['securityContext'], {
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'] },
          readOnlyRootFilesystem: true,
        })
      for (const pod of holders(render(tree), 'serviceAccountName')) assert.equal(holders(pod['securityContext'], 'runAsNonRoot').length, 1)
    }
  })

  test('exactly the own namespace is exempt, by the name that the API server gives it', () => {
    const { webhooks } = find(render(GATE, 'own'), 'ValidatingWebhookConfiguration') as unknown as { webhooks: readonly Record<string, unknown>[] }
    assert.equal(webhooks.length, 3)
    for (const { namespaceSelector } of webhooks)
      assert.deepEqual(namespaceSelector, { matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['own'] }] })
  })

  test('what keeps the certificates may touch its own objects alone, by name', () => {
    const rules = render({}).flatMap((object) => holders(object, 'verbs'))
    for (const { verbs, resourceNames } of rules) if (String(verbs) !== 'create') assert.equal(Array.isArray(resourceNames), true)
    assert.equal(
      holders(render({ certificates: { source: 'cert-manager' } }), 'verbs').length,
      0,
      'with cert-manager nothing of ours may ask the API server anything',
    )
  })

  test('what answers the webhook may create Events where somebody wants them, and nothing else', () => {
    const events = { certificates: { source: 'cert-manager' }, breakGlass: { events: true } }
    for (const tree of [events, { ...GATE, ...events }]) {
      const objects = render(tree)
      const rules = objects.flatMap((object) => holders(object, 'verbs'))
      assert.deepEqual(rules, [{ apiGroups: [''], resources: ['events'], verbs: ['create'] }])
      const pod = JSON.stringify(find(objects, 'StatefulSet'))
      assert.equal(pod.includes('"automountServiceAccountToken":true') && pod.includes('--break-glass-events=in-cluster'), true)
    }
  })

  test('metrics are told only where somebody wants them, at a port that the monitor, the Service and the network policy name alike', () => {
    assert.equal(JSON.stringify(render(GATE)).includes('metrics'), false)
    const objects = render({ ...GATE, metrics: { serviceMonitor: true } })
    const named = objects.filter((object) => JSON.stringify(object).includes('"metrics"')).map(({ kind }) => kind)
    assert.deepEqual(named, ['Service', 'StatefulSet', 'NetworkPolicy', 'ServiceMonitor'])
    assert.equal(JSON.stringify(find(objects, 'StatefulSet')).includes('--metrics-listen=0.0.0.0:9090'), true)
  })

  test('no label that uninstall goes by is missing', () => {
    for (const { metadata } of render({ ...GATE, certificates: { source: 'cert-manager' } }))
      assert.deepEqual([metadata.labels?.['app.kubernetes.io/part-of'], metadata.labels?.['app.kubernetes.io/instance']], ['countersign', 'cs'])
  })
})

describe('parseValues()', () => {
  test('lays what is given over the defaults, and leaves to Kubernetes what is its own', () => {
    const resources = { requests: { cpu: '100m', 'example.com/key': 1 }, limits: { memory: '1Gi' } }
    assert.deepEqual(parseValues({ resources: { requests: { memory: null, 'example.com/key': 1 } }, storage: { size: '1Gi' } }), {
      ok: true,
      value: { ...DEFAULT_VALUES, resources, storage: { kind: 'volume', size: '1Gi', className: '' } },
    })
  })

  test('every wrong value is told at once', () => {
    assert.deepEqual(issuesOf({ mod: 'gate', replicas: '2', webhook: { failurePolicy: 'fail' } }), [
      'mod: Unknown field, did you mean mode?',
      'replicas: Expected a number, found the text "2"',
      'webhook.failurePolicy: Expected Fail or Ignore; found the text "fail", did you mean Fail?',
    ])
  })

  test('a gate without its server, cluster and project is refused, and so is a webhook with two addresses', () => {
    assert.deepEqual(
      issuesOf({ mode: 'gate' }).map((issue) => issue.split(':')[0]),
      ['upstream.url', 'A gate needs its cluster and project', 'A gate needs its cluster and project'],
    )
    assert.deepEqual(issuesOf({ webhook: { path: PATH, url: 'https://gate.example' } }), [
      'webhook: Only one of path (by the Service) and url can be given',
    ])
    assert.deepEqual(issuesOf({ webhook: { path: '/v1/webhook/a\nb' } }), [
      'webhook.path: Expected /v1/webhook/ and one segment, as `countersign clusters describe` shows it',
    ])
  })
})
