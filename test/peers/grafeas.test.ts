import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadClient, missingClients } from './clients.ts'
import { type GrafeasMethods, testGrafeas } from './grafeas-contract.ts'
import { bareChannelOptions, channelOptions, ENCRYPTED, GRPC_CODES } from './grpc-channel.ts'
import { startPeerServer } from './peer-server.ts'
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

interface AuthLibrary {
  readonly OAuth2Client: new () => { readonly setCredentials: (credentials: { readonly access_token: string }) => void }
  readonly PassThroughClient: new () => object
}

async function authClient(token: string | undefined): Promise<object> {
  const { OAuth2Client, PassThroughClient } = await loadClient<AuthLibrary>('google-auth-library')
  if (token === undefined) return new PassThroughClient()
  const client = new OAuth2Client()
  client.setCredentials({ access_token: token })
  return client
}

testGrafeas({
  title: 'grafeas, REST',
  skip: missingClients('@google-cloud/grafeas', 'google-auth-library'),
  generation: getGeneration('v1'),
  // In this mode the client passes on the status of HTTP.
  codes: { NOT_FOUND: 404, ALREADY_EXISTS: 409, PERMISSION_DENIED: 403, UNAUTHENTICATED: 401 },
  open: async ({ port }, token) => {
    const { GrafeasClient } = await loadClient<Grafeas>('@google-cloud/grafeas')
    return new GrafeasClient({ fallback: true, protocol: 'http', apiEndpoint: 'localhost', port, authClient: await authClient(token) })
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
