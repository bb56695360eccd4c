import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { test } from 'node:test'
import { openBreakGlassToken } from '@countersign/evidence/break-glass/token.ts'
import { ADMIN, callerOf } from '../testing/callers.ts'
import { cluster } from '../testing/contract-store.ts'
import { makePolicyWorld } from '../testing/policy-world.ts'
import { refusalOf } from '../testing/thrown.ts'
import { makeBreakGlass } from './break-glass.ts'

const ON_CALL = callerOf('viewer', 'p1')
const SECOND = { ...ADMIN, principal: 'token:second' }
const WISH = {
  parent: 'projects/p1',
  request: { cluster: 'eu.prod', namespace: 'shop', pattern: 'registry.example/shop/*', justification: 'the shop is down' },
  lifetimeMs: 30 * 60_000,
}

async function makeWorld() {
  const { store, surroundings, pageTokens } = await makePolicyWorld()
  await store.changes.commit((tables) => tables.insertCluster(cluster('p1', 'eu.prod')))
  return { store, surroundings, breakGlass: makeBreakGlass({ changes: store.changes, surroundings, pageTokens }) }
}

const nameOf = (id: string): string => `projects/p1/breakGlassGrants/${id}`

test('a second person approves, and requester and approver see the token that the project’s key sealed', async () => {
  const { breakGlass, surroundings } = await makeWorld()
  const asked = await breakGlass.requestGrant(ON_CALL, WISH)
  assert.deepEqual([asked.state, asked.token], ['REQUESTED', undefined])
  const approved = await breakGlass.approveGrant(SECOND, nameOf(asked.grant.id))
  const { publicKey } = await breakGlass.getSettings(ADMIN, 'projects/p1/breakGlass')
  const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' })
  const { cluster, namespace, subject, project, id } = asked.grant
  const [notBefore, expiresAt] = [surroundings.now(), surroundings.now() + WISH.lifetimeMs]
  const opened = openBreakGlassToken(approved.token ?? '', key)
  assert.deepEqual(opened, { ok: true, claims: { id, project, cluster, namespace, subject, notBefore, expiresAt } })
  assert.equal((await breakGlass.getGrant(ON_CALL, nameOf(id))).token, approved.token)
  assert.equal((await breakGlass.getGrant(callerOf('attestor', 'p1'), nameOf(id))).token, undefined, 'nobody else sees it')
})

test('a token for one workload says so', async () => {
  const { breakGlass } = await makeWorld()
  const wish = { ...WISH, request: { ...WISH.request, workload: 'apps/v1/Deployment/web' } }
  const { grant } = await breakGlass.requestGrant(ON_CALL, wish)
  const { token = '' } = await breakGlass.approveGrant(SECOND, nameOf(grant.id))
  const { publicKey } = await breakGlass.getSettings(ADMIN, 'projects/p1/breakGlass')
  const opened = openBreakGlassToken(token, createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' }))
  assert.deepEqual([grant.workload, opened.ok && opened.claims.workload], ['apps/v1/Deployment/web', 'apps/v1/Deployment/web'])
})

test('nobody approves what he asked for himself, without the right, or twice', async () => {
  const { breakGlass } = await makeWorld()
  const { grant } = await breakGlass.requestGrant(ADMIN, WISH)
  assert.equal((await refusalOf(breakGlass.approveGrant(ADMIN, nameOf(grant.id)))).code, 'PERMISSION_DENIED')
  assert.equal((await refusalOf(breakGlass.approveGrant(ON_CALL, nameOf(grant.id)))).code, 'PERMISSION_DENIED')
  await breakGlass.approveGrant(SECOND, nameOf(grant.id))
  assert.equal((await refusalOf(breakGlass.approveGrant(SECOND, nameOf(grant.id)))).code, 'FAILED_PRECONDITION')
})

test('a grant that was revoked shows no token and is approved no more', async () => {
  const { breakGlass } = await makeWorld()
  const { grant } = await breakGlass.requestGrant(ON_CALL, WISH)
  const revoked = await breakGlass.revokeGrant(SECOND, nameOf(grant.id))
  assert.deepEqual([revoked.state, revoked.token], ['REVOKED', undefined])
  assert.equal((await refusalOf(breakGlass.approveGrant(SECOND, nameOf(grant.id)))).code, 'FAILED_PRECONDITION')
})

test('every step is on record and in the feed, the token in neither', async () => {
  const { breakGlass, store } = await makeWorld()
  const { grant } = await breakGlass.requestGrant(ON_CALL, WISH)
  const { token = '' } = await breakGlass.approveGrant(SECOND, nameOf(grant.id))
  await breakGlass.revokeGrant(SECOND, nameOf(grant.id))
  const records = store.records().slice(-3)
  assert.deepEqual(
    records.map(({ methodName, principal }) => [methodName.split('.').at(-1), principal]),
    [
      ['RequestGrant', ON_CALL.principal],
      ['ApproveGrant', SECOND.principal],
      ['RevokeGrant', SECOND.principal],
    ],
  )
  assert.ok(token.length > 0 && !JSON.stringify(records).includes(token))
  assert.deepEqual(
    (await store.feed.after(0, 100)).slice(-3).map(({ kind }) => kind),
    ['BREAK_GLASS', 'BREAK_GLASS', 'BREAK_GLASS'],
  )
})

test('a wish says where, what, how long and why', async () => {
  const { breakGlass } = await makeWorld()
  const message = async (change: object, lifetimeMs = WISH.lifetimeMs) =>
    (await refusalOf(breakGlass.requestGrant(ON_CALL, { ...WISH, request: { ...WISH.request, ...change }, lifetimeMs }))).message
  assert.match(await message({ justification: ' ' }), /justification: Field is required/)
  assert.match(await message({ workload: 'web' }), /workload: Workload "web" is not valid: expected one of v1\/Pod/)
  assert.match(await message({ namespace: '' }), /namespace: Namespace "" is not valid/)
  assert.match(await message({ pattern: '*' }), /pattern: /)
  assert.match(await message({ digest: `sha256:${'a'.repeat(64)}` }), /a pattern or a digest/)
  assert.match(await message({}, 91 * 24 * 3600_000), /lifetime: Expected a duration from 1 minute to 90 days/)
})

test('settings are changed under their etag, by who may', async () => {
  const { breakGlass } = await makeWorld()
  const name = 'projects/p1/breakGlass'
  assert.deepEqual((await breakGlass.getSettings(ON_CALL, name)).settings, { mode: 'anyone', clusters: {} })
  const { etag } = await breakGlass.updateSettings(ADMIN, name, { settings: { mode: 'token' }, etag: '' })
  const second = await breakGlass.updateSettings(ADMIN, name, { settings: { mode: 'token', clusters: { 'eu.prod': 'anyone' } }, etag })
  assert.deepEqual(second.settings, { mode: 'token', clusters: { 'eu.prod': 'anyone' } })
  assert.equal((await refusalOf(breakGlass.updateSettings(ADMIN, name, { settings: { mode: 'anyone' }, etag }))).code, 'ABORTED')
  assert.equal((await refusalOf(breakGlass.updateSettings(ADMIN, name, { settings: { mode: 'nobody' }, etag: '' }))).code, 'INVALID_ARGUMENT')
  assert.equal((await refusalOf(breakGlass.updateSettings(ON_CALL, name, { settings: { mode: 'anyone' }, etag: '' }))).code, 'PERMISSION_DENIED')
})

test('a mode is set for a cluster that is there, and one that was removed since is no hindrance', async () => {
  const { breakGlass, store } = await makeWorld()
  const update = (clusters: object) =>
    breakGlass.updateSettings(ADMIN, 'projects/p1/breakGlass', { settings: { mode: 'anyone', clusters }, etag: '' })
  assert.equal((await refusalOf(update({ 'eu.prodd': 'token' }))).code, 'NOT_FOUND')
  const { settings } = await update({ 'eu.prod': 'token' })
  await store.changes.commit((tables) => tables.deleteCluster(cluster('p1', 'eu.prod').project, cluster('p1', 'eu.prod').key))
  assert.deepEqual((await update(settings.clusters)).settings, settings)
})

test('a grant is asked for a cluster that is there: a name mistyped is told at once, not when the glass must be broken', async () => {
  const { breakGlass } = await makeWorld()
  const refusal = await refusalOf(breakGlass.requestGrant(ON_CALL, { ...WISH, request: { ...WISH.request, cluster: 'eu.prodd' } }))
  assert.equal(refusal.code, 'NOT_FOUND')
})

test('who may only read cannot fill the store with requests, nor keep others from asking', async () => {
  const { breakGlass, surroundings } = await makeWorld()
  for (let asked = 0; asked < 100; asked++) await breakGlass.requestGrant(ON_CALL, WISH)
  assert.equal((await refusalOf(breakGlass.requestGrant(ON_CALL, WISH))).code, 'RESOURCE_EXHAUSTED')
  await breakGlass.requestGrant(SECOND, WISH)
  surroundings.advance(24 * 3600_000 + 1)
  await breakGlass.requestGrant(ON_CALL, WISH)
})
