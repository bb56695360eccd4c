import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type BoundWorkload, isOfWorkload, parseBoundWorkload, type ShownWorkload } from './bound-workload.ts'

const DEPLOYMENT: BoundWorkload = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }
const REPLICA_SET: BoundWorkload = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-6d4b75cb6d' }
const JOB: BoundWorkload = { apiVersion: 'batch/v1', kind: 'Job', name: 'nightly-29380320' }
const by = (controller: string): string => `system:serviceaccount:kube-system:${controller}`

function pod(over: Partial<ShownWorkload> = {}): ShownWorkload {
  const user = by('replicaset-controller')
  return { apiVersion: 'v1', kind: 'Pod', name: '', user, controller: REPLICA_SET, templateHash: '6d4b75cb6d', ...over }
}

const ROWS: readonly (readonly [what: string, bound: BoundWorkload, shown: ShownWorkload, expected: boolean])[] = [
  ['the workload itself, whoever writes it', DEPLOYMENT, { ...DEPLOYMENT, user: 'ann' }, true],
  ['another of its kind', DEPLOYMENT, { ...DEPLOYMENT, name: 'web-2', user: 'ann' }, false],
  ['its ReplicaSet, made by its controller', DEPLOYMENT, { ...REPLICA_SET, user: by('deployment-controller'), controller: DEPLOYMENT }, true],
  ['a ReplicaSet that names it, made by a person', DEPLOYMENT, { ...REPLICA_SET, user: 'ann', controller: DEPLOYMENT }, false],
  ['a Pod of its ReplicaSet', DEPLOYMENT, pod(), true],
  ['the same under a controller manager with one user', DEPLOYMENT, pod({ user: 'system:kube-controller-manager' }), true],
  ['a Pod that names that ReplicaSet, made by a person', DEPLOYMENT, pod({ user: 'ann' }), false],
  ['a Pod of a Deployment whose name begins alike', DEPLOYMENT, pod({ controller: { ...REPLICA_SET, name: 'web-2-6d4b75cb6d' } }), false],
  [
    'a Pod of a ReplicaSet that puts the rest of its name into the hash',
    DEPLOYMENT,
    pod({ controller: { ...REPLICA_SET, name: 'web-2-x' }, templateHash: '2-x' }),
    false,
  ],
  ['a Pod without that label', DEPLOYMENT, pod({ templateHash: '' }), false],
  ['a Pod of the ReplicaSet that is meant', REPLICA_SET, pod(), true],
  ['a Pod of nobody', DEPLOYMENT, { apiVersion: 'v1', kind: 'Pod', name: 'web', user: 'ann' }, false],
  ['the Pod that is meant', { apiVersion: 'v1', kind: 'Pod', name: 'web' }, { apiVersion: 'v1', kind: 'Pod', name: 'web', user: 'ann' }, true],
  [
    'a Pod of a Job of its minute',
    { apiVersion: 'batch/v1', kind: 'CronJob', name: 'nightly' },
    pod({ controller: JOB, user: by('job-controller') }),
    true,
  ],
  [
    'a Pod of a Job with another ending',
    { apiVersion: 'batch/v1', kind: 'CronJob', name: 'nightly' },
    pod({ controller: { ...JOB, name: 'nightly-by-hand' }, user: by('job-controller') }),
    false,
  ],
  [
    'a Pod of a StatefulSet, by another controller than its own',
    { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db' },
    pod({ controller: { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db' }, user: by('daemon-set-controller') }),
    false,
  ],
]

for (const [what, bound, shown, expected] of ROWS)
  test(`a token that is bound to a workload counts for ${what}: ${expected ? 'yes' : 'no'}`, () => {
    assert.equal(isOfWorkload(bound, shown), expected)
  })

test('parseBoundWorkload() reads group, version, kind and name, of kinds whose Pods can be told', () => {
  assert.deepEqual(parseBoundWorkload('apps/v1/Deployment/web'), { ok: true, value: DEPLOYMENT })
  assert.deepEqual(parseBoundWorkload('v1/Pod/a'), { ok: true, value: { apiVersion: 'v1', kind: 'Pod', name: 'a' } })
  for (const wrong of [
    '',
    'web',
    'Deployment/web',
    'apps/v1/Deployment/',
    'apps/v1/Deployment/Web',
    'argoproj.io/v1alpha1/Rollout/web',
    'v1/Service/a',
  ])
    assert.equal(parseBoundWorkload(wrong).ok, false, wrong)
})
