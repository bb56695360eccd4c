import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadClient, missingClients } from './clients.ts'
import { type GrafeasMethods, testGrafeas } from './grafeas-contract.ts'
import { bareChannelOptions, channelOptions, ENCRYPTED, GRPC_CODES } from './grpc-channel.ts'
import { startPeerServer } from './peer-server.ts'
import { HTTP_CODES, restOptions } from './rest-channel.ts'
import { getGeneration } from './shapes.ts'

interface Grafeas {
  readonly GrafeasClient: new (options: object) => GrafeasMethods
}

testGrafeas({
  title: 'grafeas, gRPC',
  skip: missingClients('@google-cloud/grafeas', '@grpc/grpc-js'),
  server: ENCRYPTED,
  generation: getGeneration('v1'),
  codes: GRPC_CODES,
  open: async (server, token) => {
    const { GrafeasClient } = await loadClient<Grafeas>('@google-cloud/grafeas')
    return new GrafeasClient(await channelOptions(server, token))
  },
})

testGrafeas({
  title: 'grafeas, REST',
  skip: missingClients('@google-cloud/grafeas', 'google-auth-library'),
  generation: getGeneration('v1'),
  codes: HTTP_CODES,
  open: async (server, token) => {
    const { GrafeasClient } = await loadClient<Grafeas>('@google-cloud/grafeas')
    return new GrafeasClient(await restOptions(server, token))
  },
})

test('grafeas, gRPC over a bare line: a token passes where each call carries it', {
  skip: missingClients('@google-cloud/grafeas', '@grpc/grpc-js'),
}, async (t) => {
  const server = await startPeerServer()
  t.after(() => server.stop())
  const { GrafeasClient } = await loadClient<Grafeas>('@google-cloud/grafeas')
  const client = new GrafeasClient(await bareChannelOptions(server))
  const parent = await server.makeProject()
  const request = { parent, noteId: 'qa', note: getGeneration('v1').note('QA') }
  await assert.rejects(client.createNote(request), { code: GRPC_CODES.UNAUTHENTICATED })
  const [made] = await client.createNote(request, { otherArgs: { headers: { authorization: `Bearer ${server.admin}` } } })
  assert.partialDeepStrictEqual(made, { name: `${parent}/notes/qa`, kind: 'ATTESTATION' })
})
