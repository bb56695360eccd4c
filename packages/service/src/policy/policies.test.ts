import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEFAULT_POLICY } from '@countersign/core/policy/default-policy.ts'
import { ADMIN, callerOf } from '../testing/callers.ts'
import { attestorOf, DENY_ALL, makePolicyWorld, requiring } from '../testing/policy-world.ts'
import { refusalOf } from '../testing/thrown.ts'

const NAME = 'projects/p1/policy'

test('§1.7: getPolicy() gives the default policy where none was stored, and NOT_FOUND for no project', async () => {
  const { policies } = await makePolicyWorld()
  assert.deepEqual(await policies.getPolicy(callerOf('viewer', 'p1'), NAME), { name: NAME, policy: DEFAULT_POLICY })
  assert.equal((await refusalOf(policies.getPolicy(ADMIN, 'projects/p9/policy'))).code, 'NOT_FOUND')
  assert.equal((await refusalOf(policies.getPolicy(ADMIN, 'projects/p1'))).code, 'INVALID_ARGUMENT')
})

test('§1.8: what was put comes back with an etag of twelve base64 characters in quotes and a time in microseconds', async () => {
  const { policies } = await makePolicyWorld()
  const { view } = await policies.updatePolicy(ADMIN, NAME, { ...DENY_ALL, name: 'projects/other/policy', updateTime: '1999-01-01T00:00:00Z' })
  assert.match(view.etag ?? '', /^"[A-Za-z0-9+/]{12}"$/)
  assert.match(view.updateTime ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
  assert.equal(view.name, NAME)
  assert.deepEqual(await policies.getPolicy(ADMIN, NAME), view)
})

test('§1.8: of two updates with the same etag one is written and the other ABORTED', async () => {
  const { policies } = await makePolicyWorld()
  const { etag } = (await policies.updatePolicy(ADMIN, NAME, DENY_ALL)).view
  const both = await Promise.allSettled(['one', 'two'].map((description) => policies.updatePolicy(ADMIN, NAME, { ...DENY_ALL, description, etag })))
  assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  const [loser] = both.filter((result) => result.status === 'rejected')
  assert.equal(loser?.reason.code, 'ABORTED')
})

test('§1.8: an empty etag writes unconditionally, an etag where nothing is stored does not', async () => {
  const { policies } = await makePolicyWorld()
  assert.equal((await refusalOf(policies.updatePolicy(ADMIN, NAME, { ...DENY_ALL, etag: '"AAAAAAAAAAAA"' }))).code, 'ABORTED')
  await policies.updatePolicy(ADMIN, NAME, DENY_ALL)
  await policies.updatePolicy(ADMIN, NAME, { ...DENY_ALL, etag: '' })
})

test('§1.9: updatePolicy() refuses by project, form, caller and attestors', async () => {
  const { policies, attestors } = await makePolicyWorld()
  await attestors.createAttestor(ADMIN, { parent: 'projects/p1', attestorId: 'a', attestor: attestorOf() })
  const code = async (name: string, body: unknown, caller = ADMIN): Promise<string> =>
    (await refusalOf(policies.updatePolicy(caller, name, body))).code
  assert.equal(await code('projects/p9/policy', DENY_ALL), 'NOT_FOUND')
  assert.equal(await code(NAME, {}), 'INVALID_ARGUMENT')
  assert.equal(await code(NAME, DENY_ALL, callerOf('viewer', 'p1')), 'PERMISSION_DENIED')
  assert.equal(await code(NAME, DENY_ALL, callerOf('admin', 'p12')), 'PERMISSION_DENIED')
  const absent = await refusalOf(policies.updatePolicy(ADMIN, NAME, requiring('projects/p1/attestors/a', 'projects/p1/attestors/b')))
  assert.deepEqual(absent, {
    code: 'INVALID_ARGUMENT',
    message:
      'Cannot write the policy: defaultAdmissionRule.requireAttestationsBy[1]: attestor "projects/p1/attestors/b" does not exist or you may not read it, create it before a rule requires it',
  })
})

test('an attestor that the writer may not read sounds like one that is absent', async () => {
  const { policies, attestors } = await makePolicyWorld()
  await attestors.createAttestor(ADMIN, { parent: 'projects/p1', attestorId: 'a', attestor: attestorOf() })
  const texts = await Promise.all(
    ['a', 'b'].map(async (id) => {
      const name = `projects/p1/attestors/${id}`
      return (await refusalOf(policies.updatePolicy(callerOf('admin', 'p12'), 'projects/p12/policy', requiring(name)))).message.replace(name, 'NAME')
    }),
  )
  assert.equal(texts[0], texts[1])
})

test('updatePolicy() writes one version, one record and one feed row, or none', async () => {
  const { policies, store, attestors } = await makePolicyWorld()
  await attestors.createAttestor(ADMIN, { parent: 'projects/p1', attestorId: 'a', attestor: attestorOf() })
  const before = await store.feed.head()
  await refusalOf(policies.updatePolicy(ADMIN, NAME, { ...DENY_ALL, etag: 'stale' }))
  assert.equal(await store.feed.head(), before)
  const { view } = await policies.updatePolicy(ADMIN, NAME, requiring('projects/p1/attestors/a'))
  assert.deepEqual(await store.feed.after(before, 10), [
    { position: before + 1, project: 'p1', kind: 'POLICY', name: NAME, etag: view.etag, operation: 'UPDATE' },
  ])
  const [record] = store.records().slice(-1)
  assert.equal(record?.methodName, 'google.cloud.binaryauthorization.v1.BinauthzManagementServiceV1.UpdatePolicy')
  assert.deepEqual(
    record?.permissions.map(({ permission }) => permission),
    ['binaryauthorization.policy.update', 'binaryauthorization.attestors.get'],
  )
  await policies.updatePolicy(ADMIN, NAME, DENY_ALL)
  const old = await store.changes.read(
    async (tables) => await tables.findPolicyVersion(record?.project ?? (await Promise.reject(new Error('no record'))), view.etag ?? ''),
  )
  assert.deepEqual(old?.policy, view.policy)
})

test('getSystemPolicy() answers for every location and every caller', async () => {
  const { policies } = await makePolicyWorld()
  const { name, policy } = await policies.getSystemPolicy(callerOf('viewer', 'p1'), 'locations/us-central1/policy')
  assert.equal(name, 'locations/us-central1/policy')
  assert.ok(policy.admissionWhitelistPatterns.length > 0)
  assert.equal((await refusalOf(policies.getSystemPolicy(ADMIN, 'locations//policy'))).code, 'INVALID_ARGUMENT')
})
