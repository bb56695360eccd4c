import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ADMIN, callerOf } from '../testing/callers.ts'
import { cluster } from '../testing/contract-store.ts'
import { ATTESTATION_NOTE, makeMetadataWorld } from '../testing/metadata-world.ts'
import { refusalOf } from '../testing/thrown.ts'
import { makeTokens } from './tokens.ts'
import type { Tokens } from './tokens.ts'

async function arrange() {
  const world = await makeMetadataWorld(['p1', 'p12'])
  return { world, tokens: makeTokens({ changes: world.store.changes, surroundings: world.surroundings }) }
}

async function codeOf(tokens: Tokens, text: string): Promise<string> {
  return (await refusalOf(tokens.authenticate(text))).code
}

test('createToken() gives a text that authenticates as its role and project', async () => {
  const { tokens } = await arrange()
  const { token, text } = await tokens.createToken(ADMIN, { displayName: 'ci', role: 'viewer', project: 'p1' })
  assert.match(text, /^cs_[0-9a-f]{12}_[A-Za-z0-9_-]{43}$/)
  assert.deepEqual(await tokens.authenticate(text), {
    principal: `token:${token.id}`,
    role: 'viewer',
    project: 'p1',
    notes: [],
    grantedAt: token.createTime,
  })
})

test('authenticate() refuses another secret, another id, and what is no token', async () => {
  const { tokens } = await arrange()
  const { text } = await tokens.createToken(ADMIN, { displayName: 'ci', role: 'viewer' })
  const otherSecret = `${text.slice(0, -2)}${text.endsWith('AA') ? 'BB' : 'AA'}`
  const otherId = text.replace(/^cs_[0-9a-f]{12}/, 'cs_ffffffffffff')
  assert.deepEqual(
    await Promise.all([otherSecret, otherId, '', 'cs_', `${text} `].map((given) => codeOf(tokens, given))),
    Array(5).fill('UNAUTHENTICATED'),
  )
})

test('authenticate() refuses a token at the moment of its expiry', async () => {
  const { tokens, world } = await arrange()
  const { text } = await tokens.createToken(ADMIN, { displayName: 'ci', role: 'viewer', expireTime: '2026-01-31T13:00:00Z' })
  assert.equal((await tokens.authenticate(text)).role, 'viewer')
  world.surroundings.advance(3_600_000)
  assert.match((await refusalOf(tokens.authenticate(text))).message, /expired at 2026-01-31T13:00:00Z/)
})

test('authenticate() refuses a revoked token, and revoking twice changes nothing', async () => {
  const { tokens, world } = await arrange()
  const { token, text } = await tokens.createToken(ADMIN, { displayName: 'ci', role: 'viewer' })
  const revoked = await tokens.revokeToken(ADMIN, token.id)
  assert.deepEqual(await tokens.revokeToken(ADMIN, token.id), revoked)
  assert.equal(await codeOf(tokens, text), 'UNAUTHENTICATED')
  assert.deepEqual(
    world.store
      .records()
      .slice(-2)
      .map((record) => record.methodName),
    ['countersign.v1.Tokens.CreateToken', 'countersign.v1.Tokens.RevokeToken'],
  )
})

test('no record, list or answer but the first holds the secret or its hash', async () => {
  const { tokens, world } = await arrange()
  const { text, token } = await tokens.createToken(ADMIN, { displayName: 'ci', role: 'admin' })
  const stored = await world.store.changes.read((tables) => tables.findToken(token.id))
  const shown = JSON.stringify([world.store.records(), await tokens.listTokens(ADMIN), token])
  assert.equal(shown.includes(text.split('_').slice(2).join('_')), false)
  assert.equal(shown.includes(stored?.secretHash ?? ''), false)
})

test('a token of a deleted project does not open one that is created under the same name', async () => {
  const { tokens, world } = await arrange()
  const { text } = await tokens.createToken(ADMIN, { displayName: 'ci', role: 'admin', project: 'p1' })
  await world.projects.deleteProject(ADMIN, 'p1')
  await world.projects.createProject(ADMIN, 'p1')
  assert.equal(await codeOf(tokens, text), 'UNAUTHENTICATED')
})

test('an admin of one project makes and sees tokens of that project only', async () => {
  const { tokens } = await arrange()
  const admin = callerOf('admin', 'p1')
  await tokens.createToken(ADMIN, { displayName: 'server', role: 'admin' })
  await tokens.createToken(ADMIN, { displayName: 'other', role: 'admin', project: 'p12' })
  await tokens.createToken(admin, { displayName: 'own', role: 'viewer', project: 'p1' })
  assert.deepEqual(
    (await tokens.listTokens(admin)).map((token) => token.displayName),
    ['own'],
  )
  assert.equal((await refusalOf(tokens.createToken(admin, { displayName: 'x', role: 'viewer' }))).code, 'PERMISSION_DENIED')
  assert.equal((await refusalOf(tokens.createToken(admin, { displayName: 'x', role: 'viewer', project: 'p12' }))).code, 'PERMISSION_DENIED')
})

test('an admin of one project cannot give a right on a note of another', async () => {
  const { tokens, world } = await arrange()
  await world.notes.createNote(ADMIN, { parent: 'projects/p12', noteId: 'n', note: ATTESTATION_NOTE })
  const request = { displayName: 'x', role: 'attestor', project: 'p1', notes: ['projects/p12/notes/n'] }
  assert.deepEqual(await refusalOf(tokens.createToken(callerOf('admin', 'p1'), request)), {
    code: 'PERMISSION_DENIED',
    message: 'permission "containeranalysis.notes.setIamPolicy" denied for project "p12", entity ID "n"',
  })
})

test('an attestor token names notes that exist', async () => {
  const { tokens } = await arrange()
  assert.equal((await refusalOf(tokens.createToken(ADMIN, { displayName: 'x', role: 'attestor', notes: ['projects/p1/notes/n'] }))).code, 'NOT_FOUND')
  assert.equal((await refusalOf(tokens.createToken(ADMIN, { displayName: 'x', role: 'attestor' }))).code, 'INVALID_ARGUMENT')
})

test('a gate’s token names a cluster of its project that exists, and no other role names one', async () => {
  const { tokens, world } = await arrange()
  await world.store.changes.commit((tables) => tables.insertCluster(cluster('p1', 'eu.prod')))
  const make = (over: object) => tokens.createToken(ADMIN, { displayName: 'gates', role: 'gate', project: 'p1', cluster: 'eu.prod', ...over })
  const { text, token } = await make({})
  assert.deepEqual(await tokens.authenticate(text), {
    principal: `token:${token.id}`,
    role: 'gate',
    project: 'p1',
    cluster: 'eu.prod',
    notes: [],
    grantedAt: token.createTime,
  })
  const refused = [{ cluster: undefined }, { project: undefined }, { role: 'viewer' }, { cluster: 'eu.gone' }, { cluster: 'nonsense' }]
  assert.deepEqual(await Promise.all(refused.map(async (over) => (await refusalOf(make(over))).code)), [
    'INVALID_ARGUMENT',
    'INVALID_ARGUMENT',
    'INVALID_ARGUMENT',
    'NOT_FOUND',
    'INVALID_ARGUMENT',
  ])
})
