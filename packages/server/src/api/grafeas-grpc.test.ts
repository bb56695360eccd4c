import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { create, type DescMessage, fromBinary, fromJson, type MessageInitShape, type MessageShape, toBinary, toJson } from '@bufbuild/protobuf'
import { Client, credentials } from '@grpc/grpc-js'
import {
  CreateNoteRequestSchema,
  CreateOccurrenceRequestSchema,
  ListOccurrencesRequestSchema,
  ListOccurrencesResponseSchema,
  NoteSchema,
  OccurrenceSchema,
} from '@countersign/api/gen/google/devtools/containeranalysis/v1beta1/grafeas/grafeas_pb.ts'
import { makeRestHandler } from '@countersign/api/rest/rest-handler.ts'
import { makeMetadataLists } from '@countersign/service/metadata/lists.ts'
import { makeSummary } from '@countersign/service/metadata/summary.ts'
import { ADMIN } from '@countersign/service/testing/callers.ts'
import { makeMetadataWorld } from '@countersign/service/testing/metadata-world.ts'
import { openApiPort } from '../doors/api-port.ts'
import { makeGrpcDoor } from '../doors/grpc-door.ts'
import { makeHttpDoor } from '../doors/http-door.ts'
import { serveGrafeasV1Beta1 } from './grafeas-v1beta1.ts'

const URI = `https://gcr.io/p1/app@sha256:${'ab'.repeat(32)}`

async function connect(t: TestContext): Promise<Client> {
  const { notes, occurrences, store, pageTokens } = await makeMetadataWorld(['p1', 'goog-analysis', 'goog-vulnz'])
  const { changes } = store
  const metadata = { notes, occurrences, lists: makeMetadataLists({ changes, pageTokens }), summarize: makeSummary({ changes, maxOccurrences: 10 }) }
  const services = [serveGrafeasV1Beta1(metadata)]
  const parts = { authenticate: async () => ADMIN, onAnswer: () => {} }
  const http = makeHttpDoor({ ...parts, rest: makeRestHandler(services), welcome: () => undefined, isReady: () => true })
  const address = { host: '127.0.0.1', port: 0, loopback: true }
  const port = await openApiPort({ address, http, grpc: makeGrpcDoor({ ...parts, services }) })
  const client = new Client(new URL(port.url).host, credentials.createInsecure())
  t.after(() => client.close())
  t.after(() => port.close(0))
  return client
}

function send<I extends DescMessage, O extends DescMessage>(
  client: Client,
  method: string,
  [input, request, output]: readonly [I, MessageInitShape<I>, O],
): Promise<MessageShape<O>> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      `/grafeas.v1beta1.GrafeasV1Beta1/${method}`,
      (bytes: Uint8Array) => Buffer.from(bytes),
      (bytes) => fromBinary(output, bytes),
      toBinary(input, create(input, request)),
      (error, answer) => (error === null && answer !== undefined ? resolve(answer) : reject(error ?? new Error('no answer'))),
    )
  })
}

test('§1.4, §1.5: a scanner writes, and kritis reads, over gRPC in v1beta1', async (t) => {
  const client = await connect(t)
  const scanNote = fromJson(NoteSchema, { discovery: { analysisKind: 'VULNERABILITY' } })
  const cveNote = fromJson(NoteSchema, { vulnerability: { severity: 'HIGH' } })
  const details = {
    discovered: { discovered: { analysisStatus: 'FINISHED_SUCCESS' } },
    vulnerability: {
      effectiveSeverity: 'HIGH',
      packageIssue: [{ affectedLocation: { cpeUri: 'c', package: 'zlib', version: { kind: 'MINIMUM' } } }],
    },
  }
  const noteOf = { discovered: 'projects/goog-analysis/notes/PACKAGE_VULNERABILITY', vulnerability: 'projects/goog-vulnz/notes/CVE-1' }
  for (const [note, name] of [[scanNote, noteOf.discovered] as const, [cveNote, noteOf.vulnerability] as const]) {
    const [, project, , noteId = ''] = name.split('/')
    await send(client, 'CreateNote', [CreateNoteRequestSchema, { parent: `projects/${project}`, noteId, note }, NoteSchema])
  }
  for (const member of ['discovered', 'vulnerability'] as const) {
    const occurrence = fromJson(OccurrenceSchema, { noteName: noteOf[member], resource: { uri: URI }, [member]: details[member] })
    await send(client, 'CreateOccurrence', [CreateOccurrenceRequestSchema, { parent: 'projects/p1', occurrence }, OccurrenceSchema])
  }
  const find = async (terms: string): Promise<unknown> => {
    const request = { parent: 'projects/p1', filter: `resourceUrl="${URI}" AND ${terms}`, pageSize: 100 }
    const { occurrences } = await send(client, 'ListOccurrences', [ListOccurrencesRequestSchema, request, ListOccurrencesResponseSchema])
    return occurrences.map((occurrence) => {
      const { kind, noteName, discovered, vulnerability } = toJson(OccurrenceSchema, occurrence) as Readonly<Record<string, unknown>>
      return { kind, noteName, details: discovered ?? vulnerability }
    })
  }
  assert.deepEqual(await find('noteProjectId="goog-analysis" AND noteId="PACKAGE_VULNERABILITY"'), [
    { kind: 'DISCOVERY', noteName: noteOf.discovered, details: details.discovered },
  ])
  const [issue] = details.vulnerability.packageIssue
  const unfixed = { ...details.vulnerability, packageIssue: [{ ...issue, fixedLocation: { version: { kind: 'MAXIMUM' } } }] }
  assert.deepEqual(await find('kind="PACKAGE_VULNERABILITY"'), [{ kind: 'VULNERABILITY', noteName: noteOf.vulnerability, details: unfixed }])
})
