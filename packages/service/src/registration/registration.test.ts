import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ADMIN, callerOf } from '../testing/callers.ts'
import { ATTESTATION_NOTE, makeMetadataWorld } from '../testing/metadata-world.ts'
import { refusalOf } from '../testing/thrown.ts'
import { clusterEtag } from './cluster-etag.ts'

test('createProject() gives a number of twelve digits, once for each name', async () => {
  const { projects, store } = await makeMetadataWorld([])
  const project = await projects.createProject(ADMIN, 'p1')
  assert.match(project.number, /^[1-9][0-9]{11}$/)
  assert.equal((await refusalOf(projects.createProject(ADMIN, 'p1'))).code, 'ALREADY_EXISTS')
  assert.deepEqual(await projects.getProject(ADMIN, 'p1'), project)
  assert.deepEqual(await store.feed.after(0, 10), [{ position: 1, project: 'p1', kind: 'PROJECT', name: 'projects/p1', operation: 'CREATE' }])
})

test('createProject() refuses reserved and malformed names, and callers of one project', async () => {
  const { projects } = await makeMetadataWorld([])
  const codes = await Promise.all(['countersign', 'P', '1p', 'p-', ''].map(async (id) => (await refusalOf(projects.createProject(ADMIN, id))).code))
  assert.deepEqual(codes, Array(5).fill('INVALID_ARGUMENT'))
  assert.equal((await refusalOf(projects.createProject(callerOf('admin', 'p1'), 'p2'))).code, 'PERMISSION_DENIED')
})

test("the scanners' projects are created by an admin of the whole server alone", async () => {
  const { projects } = await makeMetadataWorld([])
  assert.equal((await refusalOf(projects.createProject(callerOf('admin', 'goog-analysis'), 'goog-analysis'))).code, 'PERMISSION_DENIED')
  assert.equal((await projects.createProject(ADMIN, 'goog-analysis')).id, 'goog-analysis')
})

test('a project that nobody created is NOT_FOUND, with the next command', async () => {
  const { projects } = await makeMetadataWorld([])
  assert.deepEqual(await refusalOf(projects.getProject(ADMIN, 'p1')), {
    code: 'NOT_FOUND',
    message: 'Requested entity was not found: project "p1" does not exist, create it with: countersign projects create p1',
  })
})

test('a project deleted and created again is another, with nothing in it', async () => {
  const { projects, notes, clusters } = await makeMetadataWorld(['p1'])
  const before = await projects.getProject(ADMIN, 'p1')
  await notes.createNote(ADMIN, { parent: 'projects/p1', noteId: 'n', note: ATTESTATION_NOTE })
  await clusters.registerCluster(ADMIN, 'p1', { key: 'local.c' })
  await projects.deleteProject(ADMIN, 'p1')
  const after = await projects.createProject(ADMIN, 'p1')
  assert.notEqual(after.uid, before.uid)
  assert.notEqual(after.number, before.number)
  assert.equal((await refusalOf(notes.getNote(ADMIN, 'projects/p1/notes/n'))).code, 'NOT_FOUND')
  assert.equal((await refusalOf(clusters.getCluster(ADMIN, 'p1', 'local.c'))).code, 'NOT_FOUND')
})

test('listProjects() pages in order and shows a caller of one project that one', async () => {
  const { projects } = await makeMetadataWorld(['p2', 'p1', 'p12'])
  const first = await projects.listProjects(ADMIN, { pageSize: 2 })
  const second = await projects.listProjects(ADMIN, { pageSize: 2, pageToken: first.nextPageToken })
  assert.deepEqual(
    [...first.projects, ...second.projects].map(({ id }) => id),
    ['p1', 'p12', 'p2'],
  )
  assert.equal(second.nextPageToken, '')
  assert.deepEqual(
    (await projects.listProjects(callerOf('viewer', 'p1'), {})).projects.map(({ id }) => id),
    ['p1'],
  )
})

test('registerCluster() gives an unguessable segment that only an admin sees again', async () => {
  const { clusters, store } = await makeMetadataWorld(['p1'])
  const cluster = await clusters.registerCluster(ADMIN, 'p1', { key: 'us-central1-a.prod' })
  assert.match(cluster.segment, /^[A-Za-z0-9_-]{43}$/)
  assert.equal(cluster.trustDomain, 'p1.svc.id.goog')
  assert.deepEqual(await clusters.getCluster(ADMIN, 'p1', 'us-central1-a.prod'), cluster)
  const { segment, ...view } = cluster
  assert.deepEqual((await clusters.listClusters(callerOf('viewer', 'p1'), 'p1', {})).clusters, [view])
  assert.equal(JSON.stringify(store.records()).includes(segment), false)
})

test('updateCluster() replaces the settings, for admins alone, and is on record', async () => {
  const { clusters, store } = await makeMetadataWorld(['p1'])
  const before = await clusters.registerCluster(ADMIN, 'p1', { key: 'local.c' })
  const name = { projectId: 'p1', key: 'local.c' }
  const settings = { workloads: 'deny', imagePaths: ['tekton'], knative: true, pinTags: false }
  assert.deepEqual(await clusters.updateCluster(ADMIN, name, settings), { ...before, settings })
  assert.deepEqual(await clusters.getCluster(ADMIN, 'p1', 'local.c'), { ...before, settings })
  const codes = [
    (await refusalOf(clusters.updateCluster(callerOf('viewer', 'p1'), name, settings))).code,
    (await refusalOf(clusters.updateCluster(ADMIN, name, { ...settings, imagePaths: ['no path'] }))).code,
    (await refusalOf(clusters.updateCluster(ADMIN, { ...name, key: 'local.d' }, settings))).code,
  ]
  assert.deepEqual(codes, ['PERMISSION_DENIED', 'INVALID_ARGUMENT', 'NOT_FOUND'])
  assert.deepEqual((await store.feed.after(0, 10)).at(-1), {
    position: 3,
    project: 'p1',
    kind: 'CLUSTER',
    name: 'projects/p1/clusters/local.c',
    operation: 'UPDATE',
  })
  assert.equal(JSON.stringify(store.records()).includes(before.segment), false)
})

test('updateCluster() refuses settings of somebody who read others, and changes nothing then', async () => {
  const { clusters } = await makeMetadataWorld(['p1'])
  const before = await clusters.registerCluster(ADMIN, 'p1', { key: 'local.c' })
  const asked = { projectId: 'p1', key: 'local.c', etag: clusterEtag(before) }
  const settings = { workloads: 'deny', imagePaths: [], knative: false, pinTags: false }
  const after = await clusters.updateCluster(ADMIN, asked, settings)
  const { code } = await refusalOf(clusters.updateCluster(ADMIN, asked, { ...settings, workloads: 'ignore' }))
  assert.deepEqual([code, await clusters.getCluster(ADMIN, 'p1', 'local.c')], ['ABORTED', after])
  await clusters.updateCluster(ADMIN, { ...asked, etag: clusterEtag(after) }, { ...settings, workloads: 'ignore' })
  assert.notEqual(clusterEtag(after), clusterEtag({ ...after, uid: 'another' }))
})

test('registerCluster() refuses a twin, a bad key, a bad trust domain and an unknown project', async () => {
  const { clusters } = await makeMetadataWorld(['p1'])
  await clusters.registerCluster(ADMIN, 'p1', { key: 'local.c' })
  const code = async (projectId: string, key: string, trustDomain?: string): Promise<string> =>
    (await refusalOf(clusters.registerCluster(ADMIN, projectId, { key, ...(trustDomain === undefined ? {} : { trustDomain }) }))).code
  assert.equal(await code('p1', 'local.c'), 'ALREADY_EXISTS')
  assert.equal(await code('p1', 'local'), 'INVALID_ARGUMENT')
  assert.equal(await code('p1', 'local.d', 'Spiffe://x'), 'INVALID_ARGUMENT')
  assert.equal(await code('p2', 'local.c'), 'NOT_FOUND')
})

test('removeCluster() removes it, once', async () => {
  const { clusters } = await makeMetadataWorld(['p1'])
  await clusters.registerCluster(ADMIN, 'p1', { key: 'local.c' })
  await clusters.removeCluster(ADMIN, 'p1', 'local.c')
  assert.equal((await refusalOf(clusters.removeCluster(ADMIN, 'p1', 'local.c'))).code, 'NOT_FOUND')
})
