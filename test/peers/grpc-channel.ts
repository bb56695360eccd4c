import type { Codes } from './grafeas-contract.ts'
import { loadClient } from './clients.ts'
import type { PeerServer } from './peer-server.ts'

type Credentials = object

interface Metadata {
  readonly set: (key: string, value: string) => void
}

/** As much of grpc-js as these tests hold in their hands. */
interface Grpc {
  readonly Metadata: new () => Metadata
  readonly credentials: {
    readonly createInsecure: () => Credentials
    readonly createSsl: (ca: Buffer) => Credentials
    readonly combineChannelCredentials: (channel: Credentials, call: Credentials) => Credentials
    readonly createFromMetadataGenerator: (generate: (options: unknown, callback: (error: null, metadata: Metadata) => void) => void) => Credentials
  }
}

/** What a server needs to be for a token to pass: encrypted, because grpc-js passes no token over a bare line. */
export const ENCRYPTED = { args: ['--tls', 'self'] }

export const GRPC_CODES: Codes = { NOT_FOUND: 5, ALREADY_EXISTS: 6, PERMISSION_DENIED: 7, UNAUTHENTICATED: 16 }

/** Opens no channel yet: TLS with the server's own CA, and the token, where there is one, on every call. */
export async function channelCredentials({ ca }: PeerServer, token?: string): Promise<object> {
  const grpc = await loadClient<Grpc>('@grpc/grpc-js')
  const tls = grpc.credentials.createSsl(Buffer.from(ca))
  if (token === undefined) return tls
  const bearer = grpc.credentials.createFromMetadataGenerator((_options, callback) => {
    const metadata = new grpc.Metadata()
    metadata.set('authorization', `Bearer ${token}`)
    callback(null, metadata)
  })
  return grpc.credentials.combineChannelCredentials(tls, bearer)
}

/** The options of a generated client that shall use such a channel. */
export async function channelOptions(server: PeerServer, token?: string): Promise<object> {
  return { apiEndpoint: 'localhost', port: server.port, sslCreds: await channelCredentials(server, token) }
}

/** The options of a generated client on a bare line, where grpc-js refuses credentials of its own: each call must bring the token. */
export async function bareChannelOptions({ port }: PeerServer): Promise<object> {
  const grpc = await loadClient<Grpc>('@grpc/grpc-js')
  return { apiEndpoint: 'localhost', port, sslCreds: grpc.credentials.createInsecure() }
}
