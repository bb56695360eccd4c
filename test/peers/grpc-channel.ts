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
    readonly createSsl: (ca: Buffer) => Credentials
    readonly combineChannelCredentials: (channel: Credentials, call: Credentials) => Credentials
    readonly createFromMetadataGenerator: (generate: (options: unknown, callback: (error: null, metadata: Metadata) => void) => void) => Credentials
  }
}

/** What a server needs to be for `channelOptions`: encrypted, because grpc-js sends no token over a bare line. */
export const ENCRYPTED = { args: ['--tls', 'self'] }

export const GRPC_CODES: Codes = { NOT_FOUND: 5, ALREADY_EXISTS: 6, PERMISSION_DENIED: 7, UNAUTHENTICATED: 16 }

/** The options of a generated client: gRPC over TLS with the server's own CA, and the token on every call. */
export async function channelOptions({ ca, port }: PeerServer, token?: string): Promise<object> {
  const grpc = await loadClient<Grpc>('@grpc/grpc-js')
  const tls = grpc.credentials.createSsl(Buffer.from(ca))
  if (token === undefined) return { apiEndpoint: 'localhost', port, sslCreds: tls }
  const bearer = grpc.credentials.createFromMetadataGenerator((_options, callback) => {
    const metadata = new grpc.Metadata()
    metadata.set('authorization', `Bearer ${token}`)
    callback(null, metadata)
  })
  return { apiEndpoint: 'localhost', port, sslCreds: grpc.credentials.combineChannelCredentials(tls, bearer) }
}
