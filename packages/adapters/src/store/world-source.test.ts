import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { isImageDigest } from '@countersign/core/image/reference.ts'
import { DEFAULT_POLICY } from '@countersign/core/policy/default-policy.ts'
import { worldSourceContract } from '@countersign/gate/testing/world-source-contract.ts'
import type { StoredOccurrence } from '@countersign/service/metadata/ports.ts'
import {
  attestor,
  cluster,
  DIGEST,
  exemption,
  note,
  occurrence,
  OTHER_DIGEST,
  policy,
  project,
  recordChange,
  requiring,
  TIME,
  token,
} from '@countersign/service/testing/contract-store.ts'
import { makeTestSurroundings } from '@countersign/service/testing/surroundings.ts'
import { openStore, type Store } from './store.ts'
import { makeStoreHand } from './testing/store-hand.ts'
import { tempStore } from './testing/temp-store.ts'
import { openWorldSource, type SqliteWorldSource } from './world-source.ts'

const P1 = project('p1').id
const NOTE = note('projects/p1/notes/n')
const A = attestor('projects/p2/attestors/a', { note: NOTE.name, noteUid: NOTE.uid })
const ABSENT = 'projects/p1/attestors/absent'

async function open(
  t: TestContext,
): Promise<{ readonly store: Store; readonly source: SqliteWorldSource; readonly path: string; readonly damaged: string[] }> {
  const path = tempStore(t)
  const damaged: string[] = []
  const store = await openStore({ path, surroundings: makeTestSurroundings() })
  const source = openWorldSource({ path, onDamage: (id) => void damaged.push(id) })
  t.after(async () => {
    await source.close()
    await store.close()
  })
  await store.changes.commit(async (tables) => {
    for (const id of ['p1', 'p2']) await tables.insertProject(project(id))
    await tables.insertNote(NOTE)
    await tables.putAttestor(A)
    await recordChange(tables, 'p1')
  })
  return { store, source, path, damaged }
}

worldSourceContract('SQLite', async (t) => {
  const path = tempStore(t)
  const store = await openStore({ path, surroundings: makeTestSurroundings() })
  const source = openWorldSource({ path, onDamage: () => undefined })
  t.after(async () => {
    await source.close()
    await store.close()
  })
  return (await makeStoreHand(store)).over(source)
})

const digestOf = (text: string) => {
  if (!isImageDigest(text)) throw new Error(text)
  return text
}

const attested = (id: string, body: unknown, over: Partial<StoredOccurrence> = {}): StoredOccurrence =>
  occurrence(`projects/p1/occurrences/${id}`, NOTE, { body: typeof body === 'string' ? body : JSON.stringify(body), ...over })

test('a damaged project is left out and told of; the others go on', async (t) => {
  const { store, source, path, damaged } = await open(t)
  await store.changes.commit(async (tables) => {
    await tables.putPolicy(policy('p1', '"1"'))
    await recordChange(tables, 'p1')
  })
  const direct = new DatabaseSync(path)
  t.after(() => direct.close())
  direct.prepare('update policy set body = ?').run('{"x":1}')
  assert.deepEqual(
    (await source.loadWorld()).projects.map(({ project: id }) => id),
    ['p2'],
  )
  assert.equal((await source.loadProject(P1)).world, undefined)
  assert.deepEqual(damaged, ['p1', 'p1'])
})

test('a project without a policy has the default one; what belongs to it is there, consistent at a position', async (t) => {
  const { store, source } = await open(t)
  await store.changes.commit(async (tables) => {
    await tables.insertCluster(cluster('p1', 'eu.prod'))
    await tables.insertExemption(exemption('p1', 'x'))
    await recordChange(tables, 'p1')
  })
  const { createTime: _, ...registered } = cluster('p1', 'eu.prod')
  const expected = {
    project: 'p1',
    number: project('p1').number,
    policy: DEFAULT_POLICY,
    policyEtag: '',
    exemptions: [exemption('p1', 'x').exemption],
    attestors: {},
    clusters: [registered],
  }
  assert.deepEqual(await source.loadProject(P1), { position: 2, world: expected })
  const { position, projects } = await source.loadWorld()
  assert.deepEqual([position, projects.map((world) => world.project)], [2, ['p1', 'p2']])
  assert.deepEqual(projects[0], expected)
})

test('the attestors that a policy names are present or absent, of whatever project; a deleted project is undefined', async (t) => {
  const { store, source } = await open(t)
  const rules = { kubernetesNamespaceAdmissionRules: { prod: requiring(A.attestor.name).defaultAdmissionRule } }
  const stored = policy('p1', '"1"', { ...requiring(ABSENT), ...rules })
  await store.changes.commit((tables) => tables.putPolicy(stored))
  const { world } = await source.loadProject(P1)
  assert.deepEqual(world?.attestors, {
    [A.attestor.name]: { state: 'PRESENT', attestor: A.attestor, etag: A.etag },
    [ABSENT]: { state: 'ABSENT' },
  })
  assert.deepEqual([world?.policy, world?.policyEtag, world?.policyUpdateTime], [stored.policy, '"1"', TIME])
  await store.changes.commit((tables) => tables.deleteProject(P1))
  assert.equal((await source.loadProject(P1)).world, undefined)
})

test('changesAfter() gives the feed behind a position', async (t) => {
  const { store, source } = await open(t)
  const change = {
    project: P1,
    kind: 'ATTESTATION',
    name: 'projects/p1/occurrences/o',
    operation: 'CREATE',
    note: NOTE.name,
    digest: DIGEST,
  } as const
  await store.changes.commit((tables) =>
    tables.recordChange(change, { project: P1, methodName: 'm', resourceName: 'r', principal: 'p', permissions: [], time: TIME }),
  )
  const { operation: _, ...notice } = change
  assert.deepEqual(await source.changesAfter(1), [{ position: 2, ...notice }])
  assert.deepEqual(await source.changesAfter(2), [])
})

test('findAttestations() reads what is stored, either base64, newest first; what cannot be read proves nothing and breaks nothing', async (t) => {
  const { store, source } = await open(t)
  const signatures = [{ publicKeyId: 'k', signature: '-_8=' }, { signature: '+/8=' }]
  await store.changes.commit(async (tables) => {
    await tables.insertOccurrence(attested('good', { attestation: { serializedPayload: 'cGF5', signatures, jwts: [{ compactJwt: 'a.b.c' }] } }))
    await tables.insertOccurrence(attested('odd', { attestation: { serializedPayload: 7, signatures: 'none', jwts: [null] } }))
    await tables.insertOccurrence(attested('broken', '{"attestation":'))
    await tables.insertOccurrence(attested('other', {}, { digest: OTHER_DIGEST }))
  })
  const { position, attestations } = await source.findAttestations(NOTE.name, NOTE.uid, digestOf(DIGEST))
  assert.equal(position, 1)
  const same = { note: NOTE.name, noteUid: NOTE.uid, resourceUri: attested('x', {}).resourceUri, receivedAt: Date.parse(TIME) }
  const empty = { serializedPayload: Buffer.alloc(0), signatures: [], jwts: [] }
  const bytes = Buffer.from([0xfb, 0xff])
  assert.deepEqual(attestations, [
    { ...same, occurrence: 'projects/p1/occurrences/broken', ...empty },
    { ...same, occurrence: 'projects/p1/occurrences/odd', ...empty, jwts: [''] },
    {
      ...same,
      occurrence: 'projects/p1/occurrences/good',
      serializedPayload: Buffer.from('pay'),
      signatures: [
        { publicKeyId: 'k', signature: bytes },
        { publicKeyId: '', signature: bytes },
      ],
      jwts: ['a.b.c'],
    },
  ])
})

test('findAttestations() gives the newest thousand of a flood', async (t) => {
  const { store, source } = await open(t)
  await store.changes.commit(async (tables) => {
    for (let count = 0; count < 1010; count++) await tables.insertOccurrence(attested(`o${count}`, {}))
  })
  const { attestations } = await source.findAttestations(NOTE.name, NOTE.uid, digestOf(DIGEST))
  assert.equal(attestations.length, 1000)
  assert.deepEqual([attestations[0]?.occurrence, attestations.at(-1)?.occurrence], ['projects/p1/occurrences/o1009', 'projects/p1/occurrences/o10'])
})

test('attestations of a deleted note count for nobody, nor for one of its name', async (t) => {
  const { store, source } = await open(t)
  await store.changes.commit((tables) => tables.insertOccurrence(attested('o', {})))
  await store.changes.commit(async (tables) => {
    await tables.deleteNote(NOTE.name)
    await tables.insertNote({ ...NOTE, uid: 'reborn' })
  })
  const found = await Promise.all([NOTE.uid, 'reborn'].map((uid) => source.findAttestations(NOTE.name, uid, digestOf(DIGEST))))
  assert.deepEqual(
    found.map(({ attestations }) => attestations),
    [[], []],
  )
})

test('a token’s change is in the feed too, so that a follower reaches the head', async (t) => {
  const { store, source } = await open(t)
  const position = await store.changes.commit(async (tables) => {
    await tables.insertToken(token('t1'))
    return await tables.recordChange(
      { project: P1, kind: 'TOKEN', name: 'tokens/t1', operation: 'CREATE' },
      { project: P1, methodName: 'm', resourceName: 'r', principal: 'p', permissions: [], time: TIME },
    )
  })
  assert.deepEqual(
    (await source.changesAfter(1)).map((row) => row.position),
    [position],
  )
})
