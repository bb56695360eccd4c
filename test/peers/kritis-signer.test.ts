import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import type { Rpc } from './clients.ts'
import { loadClient, missingClients } from './clients.ts'
import { channelOptions, ENCRYPTED, GRPC_CODES } from './grpc-channel.ts'
import { type PeerServer, startPeerServer } from './peer-server.ts'

const SKIP = missingClients('@google-cloud/containeranalysis', '@grpc/grpc-js')
const IMAGE = `gcr.io/peer-1/app@sha256:${'ab'.repeat(32)}`
const URI = `https://${IMAGE}`
const PAYLOAD = Buffer.from('{"critical":{"type":"atomic container signature"}}')

interface Occurrence {
  readonly name: string
  readonly noteName: string
  readonly kind: string
  readonly discovered?: { readonly discovered: { readonly analysisStatus: string } }
  readonly vulnerability?: { readonly effectiveSeverity: string }
  readonly attestation?: { readonly attestation: { readonly genericSignedAttestation: { readonly signatures: readonly unknown[] } } }
}

/** The generated stub that kritis' signer holds, in the language of this repository. */
interface Stub {
  readonly createNote: Rpc
  readonly getNote: Rpc
  readonly createOccurrence: Rpc
  readonly getOccurrence: Rpc
  readonly deleteOccurrence: Rpc
  readonly listOccurrencesAsync: (request: object) => AsyncIterable<Occurrence>
  readonly listNoteOccurrencesAsync: (request: object) => AsyncIterable<Occurrence>
}

interface ContainerAnalysis {
  readonly v1beta1: { readonly GrafeasV1Beta1Client: new (options: object) => Stub }
}

/** What kritis-and-grafeas.md says that the unmodified signer sends, over gRPC with TLS and our authority, in its order. */
describe('the calls of the unmodified kritis signer, over v1beta1 gRPC with TLS and our authority', { skip: SKIP }, () => {
  let server: PeerServer
  let stub: Stub
  let parent: string
  const note = () => `${parent}/notes/built`
  const discoveries = async (): Promise<readonly Occurrence[]> =>
    await Array.fromAsync(
      stub.listOccurrencesAsync({ parent, filter: `resourceUrl="${URI}" AND noteProjectId="goog-analysis" AND noteId="PACKAGE_VULNERABILITY"` }),
    )
  const attestations = async (): Promise<readonly Occurrence[]> =>
    await Array.fromAsync(stub.listNoteOccurrencesAsync({ name: note(), filter: `resourceUrl="${URI}"`, pageSize: 100 }))
  const attest = async (): Promise<Occurrence> => {
    const signatures = [{ signature: Buffer.from('sig'), publicKeyId: '//cloudkms.googleapis.com/v1/projects/p/x' }]
    const genericSignedAttestation = { contentType: 'SIMPLE_SIGNING_JSON', serializedPayload: PAYLOAD, signatures }
    // Neither a kind of the note nor of the occurrence is set.
    const occurrence = { resource: { uri: URI }, noteName: note(), attestation: { attestation: { genericSignedAttestation } } }
    return (await stub.createOccurrence({ parent, occurrence }))[0] as Occurrence
  }

  before(async () => {
    server = await startPeerServer(ENCRYPTED)
    parent = await server.makeProject()
    const { v1beta1 } = await loadClient<ContainerAnalysis>('@google-cloud/containeranalysis')
    stub = new v1beta1.GrafeasV1Beta1Client(await channelOptions(server, server.admin))
    for (const id of ['goog-analysis', 'goog-vulnz']) await server.post('/countersign/v1/projects', { id })
  })

  test('§1.4: a scan is looked for before the scanner’s note is there: nothing, and no error', async () => {
    assert.deepEqual(await discoveries(), [])
  })

  test('§1.4: the scan is found by the legacy filter, and its status followed by name', async () => {
    await stub.createNote({
      parent: 'projects/goog-analysis',
      noteId: 'PACKAGE_VULNERABILITY',
      note: { discovery: { analysisKind: 'VULNERABILITY' } },
    })
    const noteName = 'projects/goog-analysis/notes/PACKAGE_VULNERABILITY'
    const discovered = { discovered: { analysisStatus: 'FINISHED_SUCCESS' } }
    const [made] = await stub.createOccurrence({ parent, occurrence: { noteName, resource: { uri: URI }, discovered } })
    const [found, ...others] = await discoveries()
    assert.deepEqual([found?.name, others], [(made as Occurrence).name, []])
    const [read] = (await stub.getOccurrence({ name: found?.name ?? '' })) as readonly [Occurrence]
    assert.equal(read.discovered?.discovered.analysisStatus, 'FINISHED_SUCCESS')
  })

  test('§1.5: vulnerabilities are listed by the legacy kind, all pages, and carry the whole note name', async () => {
    const ids = Array.from({ length: 101 }, (_, at) => `CVE-2020-${1000 + at}`)
    const affectedLocation = { cpeUri: 'cpe:/o:a:b:1', package: 'zlib', version: { kind: 'MINIMUM' } }
    const notes = ids.map((noteId) => [noteId, { vulnerability: { details: [{ cpeUri: 'cpe:/o:a:b:1', package: 'zlib' }] } }] as const)
    for (const [noteId, body] of notes) await stub.createNote({ parent: 'projects/goog-vulnz', noteId, note: body })
    for (const noteId of ids) {
      const vulnerability = { effectiveSeverity: 'HIGH', packageIssue: [{ affectedLocation }] }
      const occurrence = { noteName: `projects/goog-vulnz/notes/${noteId}`, resource: { uri: URI }, vulnerability }
      await stub.createOccurrence({ parent, occurrence })
    }
    const request = { parent, filter: `resourceUrl="${URI}" AND kind="PACKAGE_VULNERABILITY"`, pageSize: 100 }
    const found = await Array.fromAsync(stub.listOccurrencesAsync(request))
    assert.deepEqual(
      found.map(({ noteName }) => noteName).sort(),
      ids.map((id) => `projects/goog-vulnz/notes/${id}`),
    )
    assert.ok(found.every(({ vulnerability }) => vulnerability?.effectiveSeverity === 'HIGH'))
  })

  test('§1.7 step 1: the attestations under an absent note are an empty list', async () => {
    assert.deepEqual(await attestations(), [])
  })

  test('§1.7 steps 4 and 5: the note is NOT_FOUND, is made with its words, and the attestation hangs on it, all without a kind', async () => {
    await assert.rejects(stub.getNote({ name: note() }), { code: GRPC_CODES.NOT_FOUND })
    const body = {
      name: note(),
      shortDescription: 'Image Policy Security Attestor',
      longDescription: 'Image Policy Security Attestor deployed in  namespace',
      attestationAuthority: { hint: { humanReadableName: 'signing-aa' } },
    }
    await stub.createNote({ parent, noteId: 'built', note: body })
    assert.partialDeepStrictEqual((await stub.getNote({ name: note() }))[0], { ...body, kind: 'ATTESTATION' })
    const made = await attest()
    const [found, ...others] = await attestations()
    assert.deepEqual([found?.name, found?.kind, others], [made.name, 'ATTESTATION', []])
    assert.equal(found?.attestation?.attestation.genericSignedAttestation.signatures.length, 1)
  })

  test('§1.7 step 2: overwriting lists again, deletes the one occurrence, and makes another', async () => {
    const [old] = await attestations()
    await stub.deleteOccurrence({ name: old?.name ?? '' })
    assert.deepEqual(await attestations(), [])
    const made = await attest()
    assert.deepEqual(
      (await attestations()).map(({ name }) => name),
      [made.name],
    )
  })

  test('a channel that does not trust our authority gets no answer', async () => {
    const { v1beta1 } = await loadClient<ContainerAnalysis>('@google-cloud/containeranalysis')
    const other = await startPeerServer(ENCRYPTED)
    const stranger = new v1beta1.GrafeasV1Beta1Client(await channelOptions({ ...server, ca: other.ca }, server.admin))
    await assert.rejects(stranger.getNote({ name: note() }), { code: 14 })
  })
})
