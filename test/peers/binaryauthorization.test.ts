import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { DIGEST, keyPair, occurrenceOf, OTHER_DIGEST, REPOSITORY } from '../bypass/session.ts'
import { loadClient, missingClients } from './clients.ts'
import { channelCredentials, ENCRYPTED, GRPC_CODES } from './grpc-channel.ts'
import { type PeerServer, startPeerServer } from './peer-server.ts'
import { DENY_ALL, generations } from './shapes.ts'

/*
 * npm has no generated client of Binary Authorization that speaks gRPC: this one is made as grpc-js makes them, from
 * Google's own proto files.
 */
const OPTIONS = { skip: missingClients('@grpc/grpc-js', '@grpc/proto-loader') }
const PROTOS = fileURLToPath(new URL('../../node_modules/google-proto-files', import.meta.url))
const SUFFIX = { v1: 'V1', v1beta1: 'V1Beta1' } as const

type Stub = Readonly<Record<string, (request: object, callback: (error: Error | null, response: unknown) => void) => void>>
type Package = Readonly<Record<string, new (address: string, credentials: object) => Stub>>

interface ProtoLoader {
  readonly loadSync: (file: string, options: object) => object
}

interface Grpc {
  readonly loadPackageDefinition: (definition: object) => {
    readonly google: { readonly cloud: { readonly binaryauthorization: Readonly<Record<string, Package>> } }
  }
}

/** Calls one method of one service. */
type Call = (method: string, request: object) => Promise<unknown>

let server: PeerServer

before(async () => {
  if (OPTIONS.skip === false) server = await startPeerServer(ENCRYPTED)
})

async function open(service: string, version: 'v1' | 'v1beta1', token?: string): Promise<Call> {
  const { loadSync } = await loadClient<ProtoLoader>('@grpc/proto-loader')
  const { loadPackageDefinition } = await loadClient<Grpc>('@grpc/grpc-js')
  const file = `google/cloud/binaryauthorization/${version}/service.proto`
  const loaded = loadPackageDefinition(loadSync(file, { includeDirs: [PROTOS], enums: String, longs: String }))
  const Client = loaded.google.cloud.binaryauthorization[version]?.[`${service}${SUFFIX[version]}`]
  assert(Client !== undefined)
  const stub = new Client(`localhost:${server.port}`, await channelCredentials(server, token))
  return (method, request) =>
    new Promise((resolve, reject) => {
      assert(stub[method] !== undefined)
      stub[method](request, (error, response) => (error === null ? resolve(response) : reject(error)))
    })
}

const management = (version: 'v1' | 'v1beta1', token?: string) => open('BinauthzManagementService', version, token)

for (const { version } of generations) {
  test(`binaryauthorization ${version}, gRPC: the policy is read, written, and refused where its etag is stale`, OPTIONS, async () => {
    const call = await management(version, server.admin)
    const name = `${await server.makeProject()}/policy`
    const policy = { name, defaultAdmissionRule: DENY_ALL, description: 'nothing runs' }
    const written = await call('updatePolicy', { policy })
    assert.partialDeepStrictEqual(written, policy)
    assert.deepEqual(await call('getPolicy', { name }), written)
    await assert.rejects(call('updatePolicy', { policy: { ...policy, etag: '"stale"' } }), { code: 10, details: /etag/ })
    const systemPolicy = await open('SystemPolicy', version, server.admin)
    assert.partialDeepStrictEqual(await systemPolicy('getSystemPolicy', { name: 'locations/global/policy' }), { name: 'locations/global/policy' })
  })

  test(`binaryauthorization ${version}, gRPC: attestors are made, read, listed, changed and deleted`, OPTIONS, async () => {
    const call = await management(version, server.admin)
    const parent = await server.makeProject()
    const note = { noteReference: `${parent}/notes/qa` }
    await server.post(`/v1/${parent}/notes?noteId=qa`, { attestation: { hint: { humanReadableName: 'QA' } } })
    const nameOf = (id: string) => `${parent}/attestors/${id}`
    const attestorOf = (id: string) => ({ name: nameOf(id), [version === 'v1' ? 'userOwnedGrafeasNote' : 'userOwnedDrydockNote']: note })
    const create = (id: string) => call('createAttestor', { parent, attestorId: id, attestor: attestorOf(id) })
    for (const id of ['a', 'b']) assert.partialDeepStrictEqual(await create(id), attestorOf(id))
    await assert.rejects(create('a'), { code: GRPC_CODES.ALREADY_EXISTS })
    const changed = await call('updateAttestor', { attestor: { ...attestorOf('b'), description: 'second' } })
    assert.partialDeepStrictEqual(changed, { ...attestorOf('b'), description: 'second' })
    assert.deepEqual(await call('getAttestor', { name: nameOf('b') }), changed)
    const page = (await call('listAttestors', { parent, pageSize: 1 })) as { readonly nextPageToken: string }
    assert.partialDeepStrictEqual(page, { attestors: [attestorOf('a')] })
    assert.deepEqual(await call('listAttestors', { parent, pageSize: 1, pageToken: page.nextPageToken }), { attestors: [changed] })
    for (const id of ['a', 'b']) assert.deepEqual(await call('deleteAttestor', { name: nameOf(id) }), {})
    await assert.rejects(call('getAttestor', { name: nameOf('a') }), { code: GRPC_CODES.NOT_FOUND })
  })

  test(`binaryauthorization ${version}, gRPC: a reader may not write, and nobody may call without a token`, OPTIONS, async () => {
    const name = `${await server.makeProject()}/policy`
    const reader = await management(version, server.viewer)
    assert.partialDeepStrictEqual(await reader('getPolicy', { name }), { name })
    await assert.rejects(reader('updatePolicy', { policy: { name, defaultAdmissionRule: DENY_ALL } }), { code: GRPC_CODES.PERMISSION_DENIED })
    for (const token of [undefined, 'cs_wrong']) {
      await assert.rejects((await management(version, token))('getPolicy', { name }), { code: GRPC_CODES.UNAUTHENTICATED })
    }
  })
}

test('binaryauthorization v1, gRPC: an attestation is verified, and of another image it is not', OPTIONS, async () => {
  const parent = await server.makeProject()
  const note = `${parent}/notes/qa`
  const pair = keyPair()
  const { id, publicKeyPem, signatureAlgorithm } = pair.key
  await server.post(`/v1/${parent}/notes?noteId=qa`, { attestation: { hint: { humanReadableName: 'QA' } } })
  const publicKeys = [{ id, pkixPublicKey: { publicKeyPem, signatureAlgorithm } }]
  await server.post(`/v1/${parent}/attestors?attestorId=qa`, { userOwnedGrafeasNote: { noteReference: note, publicKeys } })
  const { attestation } = await occurrenceOf(note, pair)
  const validate = await open('ValidationHelper', 'v1', server.admin)
  const verdictOf = (occurrenceResourceUri: string) =>
    validate('validateAttestationOccurrence', { attestor: `${parent}/attestors/qa`, attestation, occurrenceNote: note, occurrenceResourceUri })
  assert.deepEqual(await verdictOf(`https://${REPOSITORY}@${DIGEST}`), { result: 'VERIFIED' })
  assert.partialDeepStrictEqual(await verdictOf(`https://${REPOSITORY}@${OTHER_DIGEST}`), { result: 'ATTESTATION_NOT_VERIFIABLE' })
})
