import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ADMIN, callerOf } from '../testing/callers.ts'
import { makePolicyWorld } from '../testing/policy-world.ts'
import { refusalOf } from '../testing/thrown.ts'

const EXEMPTION = { pattern: 'registry.example/trial/*', owner: 'team', reason: 'trial', expireTime: '2026-02-01T00:00:00Z' }
const CREATION = { parent: 'projects/p1', exemptionId: 'trial', exemption: EXEMPTION }

test('an exemption is created, read, listed and deleted, with its creator', async () => {
  const { exemptions, store } = await makePolicyWorld()
  const stored = await exemptions.createExemption(ADMIN, CREATION)
  assert.deepEqual(stored.exemption, {
    id: 'trial',
    subject: { pattern: 'registry.example/trial/*' },
    owner: 'team',
    reason: 'trial',
    expiresAt: Date.parse('2026-02-01T00:00:00Z'),
  })
  assert.equal(stored.creator, ADMIN.principal)
  assert.deepEqual(await exemptions.getExemption(callerOf('viewer', 'p1'), 'projects/p1/exemptions/trial'), stored)
  assert.deepEqual((await exemptions.listExemptions(ADMIN, 'projects/p1', {})).exemptions, [stored])
  assert.deepEqual((await exemptions.listExemptions(ADMIN, 'projects/p12', {})).exemptions, [])
  await exemptions.deleteExemption(ADMIN, 'projects/p1/exemptions/trial')
  assert.equal((await refusalOf(exemptions.deleteExemption(ADMIN, 'projects/p1/exemptions/trial'))).code, 'NOT_FOUND')
  assert.deepEqual(
    (await store.feed.after(0, 100)).slice(-2).map(({ kind, operation }) => [kind, operation]),
    [
      ['EXEMPTION', 'CREATE'],
      ['EXEMPTION', 'DELETE'],
    ],
  )
})

test('createExemption() refuses a twin, what has no end, what ended, and who may not', async () => {
  const { exemptions } = await makePolicyWorld()
  await exemptions.createExemption(ADMIN, CREATION)
  const code = async (change: object, caller = ADMIN): Promise<string> =>
    (await refusalOf(exemptions.createExemption(caller, { ...CREATION, ...change }))).code
  assert.equal(await code({}), 'ALREADY_EXISTS')
  assert.equal(await code({ exemptionId: 'A/b' }), 'INVALID_ARGUMENT')
  assert.equal(await code({ exemptionId: 'x', exemption: { ...EXEMPTION, expireTime: undefined } }), 'INVALID_ARGUMENT')
  assert.equal(await code({ exemptionId: 'x', exemption: { ...EXEMPTION, expireTime: '2026-01-31T12:00:00Z' } }), 'INVALID_ARGUMENT')
  assert.equal(await code({ parent: 'projects/p9', exemptionId: 'x' }), 'NOT_FOUND')
  assert.equal(await code({}, callerOf('viewer', 'p1')), 'PERMISSION_DENIED')
})
