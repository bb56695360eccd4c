import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { loadClient, missingClients, type RestCall } from './clients.ts'
import { type PeerServer, startPeerServer } from './peer-server.ts'
import { DENY_ALL, generations } from './shapes.ts'

const OPTIONS = { skip: missingClients('googleapis') }

type Methods<Names extends string> = Readonly<Record<Names, RestCall>>
type Crud = Methods<'create' | 'get' | 'list' | 'delete'>

interface BinaryAuthorization {
  readonly projects: Methods<'getPolicy' | 'updatePolicy'> & { readonly attestors: Crud & Methods<'update'> }
  readonly systempolicy: Methods<'getPolicy'>
}

interface ContainerAnalysis {
  readonly projects: {
    readonly notes: Crud & Methods<'patch'> & { readonly occurrences: Methods<'list'> }
    readonly occurrences: Crud & Methods<'patch' | 'getNotes'>
  }
}

interface GoogleApis {
  readonly google: {
    readonly binaryauthorization: (options: object) => BinaryAuthorization
    readonly containeranalysis: (options: object) => ContainerAnalysis
  }
}

let server: PeerServer
let google: GoogleApis['google']

before(async () => {
  if (OPTIONS.skip !== false) return
  server = await startPeerServer()
  google = (await loadClient<GoogleApis>('googleapis')).google
})

const optionsFor = (version: string, token: string | undefined): object => ({
  version,
  rootUrl: `${server.apiUrl}/`,
  ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
})
const binaryAuthorization = (version: string, token: string | undefined) => google.binaryauthorization(optionsFor(version, token))
const containerAnalysis = (version: string, token: string | undefined) => google.containeranalysis(optionsFor(version, token))

async function refuses(call: Promise<unknown>, code: number, status: string): Promise<void> {
  await assert.rejects(call, (error: { readonly response?: { readonly data?: unknown } }) => {
    assert.partialDeepStrictEqual(error.response?.data, { error: { code, status } })
    return true
  })
}

for (const { version, note, occurrence } of generations) {
  test(`googleapis ${version}: the policy is read, written, and refused where its etag is stale`, OPTIONS, async () => {
    const { projects, systempolicy } = binaryAuthorization(version, server.admin)
    const parent = await server.makeProject()
    const name = `${parent}/policy`
    const requestBody = { name, defaultAdmissionRule: DENY_ALL, description: version }
    const { data } = await projects.updatePolicy({ name, requestBody })
    assert.partialDeepStrictEqual(data, requestBody)
    assert.deepEqual((await projects.getPolicy({ name })).data, data)
    await refuses(projects.updatePolicy({ name, requestBody: { ...requestBody, etag: '"stale"' } }), 409, 'ABORTED')
    assert.partialDeepStrictEqual((await systempolicy.getPolicy({ name: 'locations/global/policy' })).data, { name: 'locations/global/policy' })
  })

  test(`googleapis ${version}: notes and occurrences are made, read, listed, changed and deleted`, OPTIONS, async () => {
    const { notes, occurrences } = containerAnalysis(version, server.admin).projects
    const parent = await server.makeProject()
    const name = `${parent}/notes/qa`
    const made = { parent, noteId: 'qa', requestBody: note('QA') }
    assert.partialDeepStrictEqual((await notes.create(made)).data, { name, kind: 'ATTESTATION', ...note('QA') })
    await refuses(notes.create(made), 409, 'ALREADY_EXISTS')
    const changed = await notes.patch({ name, updateMask: 'shortDescription', requestBody: { shortDescription: 'short', longDescription: 'unseen' } })
    assert.partialDeepStrictEqual(changed.data, { name, shortDescription: 'short', ...note('QA') })
    assert.deepEqual((await notes.get({ name })).data, changed.data)
    assert.deepEqual((await notes.list({ parent, filter: 'kind="ATTESTATION"' })).data, { notes: [changed.data] })

    const { data } = await occurrences.create({ parent, requestBody: occurrence(name, 'c2lnbmVk') })
    assert.partialDeepStrictEqual(data, { kind: 'ATTESTATION', ...occurrence(name, 'c2lnbmVk') })
    const attested = (data as { readonly name: string }).name
    assert.deepEqual((await occurrences.get({ name: attested })).data, data)
    assert.deepEqual((await occurrences.getNotes({ name: attested })).data, changed.data)
    assert.deepEqual((await notes.occurrences.list({ name })).data, { occurrences: [data] })
    const patched = await occurrences.patch({ name: attested, updateMask: 'remediation', requestBody: { remediation: 'none' } })
    assert.deepEqual((await occurrences.list({ parent })).data, { occurrences: [patched.data] })

    assert.deepEqual((await occurrences.delete({ name: attested })).data, {})
    await refuses(occurrences.get({ name: attested }), 404, 'NOT_FOUND')
    assert.deepEqual((await notes.delete({ name })).data, {})
    await refuses(notes.get({ name }), 404, 'NOT_FOUND')
  })

  test(`googleapis ${version}: attestors are made, read, listed, changed and deleted`, OPTIONS, async () => {
    const { attestors } = binaryAuthorization(version, server.admin).projects
    const parent = await server.makeProject()
    const noteReference = `${parent}/notes/qa`
    await containerAnalysis(version, server.admin).projects.notes.create({ parent, noteId: 'qa', requestBody: note('QA') })
    const body = { [version === 'v1' ? 'userOwnedGrafeasNote' : 'userOwnedDrydockNote']: { noteReference } }
    const nameOf = (id: string) => `${parent}/attestors/${id}`
    for (const id of ['a', 'b']) {
      const { data } = await attestors.create({ parent, attestorId: id, requestBody: { name: nameOf(id), ...body } })
      assert.partialDeepStrictEqual(data, { name: nameOf(id), ...body })
    }
    await refuses(attestors.create({ parent, attestorId: 'a', requestBody: { name: nameOf('a'), ...body } }), 409, 'ALREADY_EXISTS')
    const { data } = await attestors.update({ name: nameOf('b'), requestBody: { name: nameOf('b'), description: 'second', ...body } })
    assert.partialDeepStrictEqual(data, { name: nameOf('b'), description: 'second', ...body })
    assert.deepEqual((await attestors.get({ name: nameOf('b') })).data, data)

    const first = (await attestors.list({ parent, pageSize: 1 })).data as { readonly nextPageToken: string }
    assert.partialDeepStrictEqual(first, { attestors: [{ name: nameOf('a') }] })
    assert.deepEqual((await attestors.list({ parent, pageSize: 1, pageToken: first.nextPageToken })).data, { attestors: [data] })

    for (const id of ['a', 'b']) assert.deepEqual((await attestors.delete({ name: nameOf(id) })).data, {})
    await refuses(attestors.get({ name: nameOf('a') }), 404, 'NOT_FOUND')
  })

  test(`googleapis ${version}: a reader may not write, and nobody may call without a token`, OPTIONS, async () => {
    const parent = await server.makeProject()
    const name = `${parent}/policy`
    const reader = binaryAuthorization(version, server.viewer).projects
    assert.partialDeepStrictEqual((await reader.getPolicy({ name })).data, { name })
    await refuses(reader.updatePolicy({ name, requestBody: { name, defaultAdmissionRule: DENY_ALL } }), 403, 'PERMISSION_DENIED')
    const { notes } = containerAnalysis(version, server.viewer).projects
    await refuses(notes.create({ parent, noteId: 'n', requestBody: note('QA') }), 403, 'PERMISSION_DENIED')
    await refuses(binaryAuthorization(version, undefined).projects.getPolicy({ name }), 401, 'UNAUTHENTICATED')
    await refuses(containerAnalysis(version, 'cs_wrong').projects.notes.get({ name: `${parent}/notes/n` }), 401, 'UNAUTHENTICATED')
  })
}
