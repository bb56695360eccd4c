import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { STRICT, webhookConfiguration } from '../install/webhook.ts'
import { checkClock, checkGates, checkPolicy } from './check-policy.ts'
import { checkMarks } from './check-marks.ts'
import { checkWebhook, entriesOf } from './check-webhook.ts'
import { selects } from './label-selector.ts'

const NOW = Date.UTC(2026, 0, 1)
const URL_OF = 'https://gate.example:8443/v1/webhook/segment'
const rule = (evaluationMode: string, enforcementMode = 'ENFORCED_BLOCK_AND_AUDIT_LOG') => ({ evaluationMode, enforcementMode })

test('entries are told apart by their path, by Service or by URL', () => {
  const byUrl = webhookConfiguration({ name: 'a' }, { ...STRICT, clientConfig: { url: URL_OF } })
  const byService = webhookConfiguration({ name: 'b' }, { ...STRICT, clientConfig: { service: { path: '/v1/webhook/other' } } })
  assert.equal(entriesOf([byUrl, byService], '/v1/webhook/segment').length, 3)
  assert.equal(entriesOf([byUrl, byService], '/v1/webhook/other').length, 3)
  assert.equal(entriesOf([byUrl], '/v1/webhook/none').length, 0)
})

test('what install prints has nothing wrong but the bundle that its keeper fills in', () => {
  const { webhooks } = webhookConfiguration({ name: 'a' }, { ...STRICT, clientConfig: { url: URL_OF }, ownNamespace: 'own' }) as unknown as {
    webhooks: readonly Record<string, unknown>[]
  }
  const namespaces = ['default', 'kube-system'].map((name) => ({ metadata: { name, labels: { 'kubernetes.io/metadata.name': name } } }))
  const wrong = checkWebhook(webhooks, namespaces, NOW).filter(({ level }) => level !== 'OK')
  assert.deepEqual(
    wrong.map(({ check }) => check),
    ['authority', 'authority', 'authority'],
  )
})

describe('checkPolicy()', () => {
  const at = { cluster: 'l.c', known: ['l.c', 'l.d'] }
  const rows: readonly (readonly [string, object, readonly string[]])[] = [
    ['a default rule that is enforced', { defaultAdmissionRule: rule('ALWAYS_DENY') }, ['OK']],
    ['one that allows everything', { defaultAdmissionRule: rule('ALWAYS_ALLOW') }, ['WARN']],
    ['a dry run', { defaultAdmissionRule: rule('ALWAYS_DENY', 'DRYRUN_AUDIT_LOG_ONLY') }, ['WARN']],
    [
      'a rule for another cluster only',
      { defaultAdmissionRule: rule('ALWAYS_DENY'), clusterAdmissionRules: { 'l.d': rule('ALWAYS_DENY') } },
      ['WARN'],
    ],
    [
      'a rule for a cluster that nobody registered',
      { defaultAdmissionRule: rule('ALWAYS_DENY'), clusterAdmissionRules: { 'l.x': rule('ALWAYS_DENY') } },
      ['WARN', 'WARN'],
    ],
  ]
  for (const [name, policy, levels] of rows)
    test(name, () =>
      assert.deepEqual(
        checkPolicy(policy as never, at).map(({ level }) => level),
        levels,
      ),
    )
})

test('clocks may differ by half a minute, and no more than five are borne', () => {
  const levels = [0, 30_000, 31_000, -31_000, 301_000].map((skew) => checkClock(NOW + skew, NOW).level)
  assert.deepEqual([...levels, checkClock(undefined, NOW).level], ['OK', 'OK', 'WARN', 'WARN', 'FAIL', 'WARN'])
})

test('a gate that has heard nothing for a minute is named', () => {
  assert.equal(checkGates({ gates: [{ writer: 'a', staleForMs: '1000' }] }).level, 'OK')
  assert.match(checkGates({ gates: [{ writer: 'a' }, { writer: 'b', staleForMs: '61000' }] }).finding, /: b$/)
})

test('a label selector takes what Kubernetes says it takes', () => {
  const expression = (operator: string, values?: readonly string[]) => ({ matchExpressions: [{ key: 'k', operator, values }] })
  const taken = (selector: unknown) => [selects(selector, { k: 'v' }), selects(selector, {})]
  assert.deepEqual(
    [taken(undefined), taken({}), taken({ matchLabels: { k: 'v' } })],
    [
      [true, true],
      [true, true],
      [true, false],
    ],
  )
  assert.deepEqual(
    ['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt'].map((operator) => taken(expression(operator, ['v']))),
    [
      [true, false],
      [false, true],
      [true, false],
      [false, true],
      [false, false],
    ],
  )
})

test('checkMarks() names each template with a mark, no Pod, and of very many the first', () => {
  const mark = { namespace: 'shop', kind: 'Deployment', name: 'web', mark: 'image-policy.k8s.io/break-glass', token: 'no' } as const
  assert.deepEqual(checkMarks([{ ...mark, kind: 'Pod' }]), [{ check: 'break-glass', level: 'OK', finding: 'No template carries a mark' }])
  assert.deepEqual(checkMarks([mark]), [
    {
      check: 'break-glass',
      level: 'WARN',
      finding: 'The template of Deployment shop/web carries image-policy.k8s.io/break-glass: whatever it names is let in',
      fix: 'kubectl edit deployment web -n shop',
    },
  ])
  const many = checkMarks(Array.from({ length: 25 }, () => mark))
  assert.deepEqual([many.length, many.at(-1)?.finding], [21, '5 more templates carry a mark'])
})
