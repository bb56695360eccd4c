import { loadClient } from './clients.ts'
import type { Codes } from './grafeas-contract.ts'
import type { PeerServer } from './peer-server.ts'

interface AuthLibrary {
  readonly OAuth2Client: new () => { readonly setCredentials: (credentials: { readonly access_token: string }) => void }
  readonly PassThroughClient: new () => object
}

/** In REST mode generated clients pass on the status of HTTP. */
export const HTTP_CODES: Codes = { NOT_FOUND: 404, ALREADY_EXISTS: 409, PERMISSION_DENIED: 403, UNAUTHENTICATED: 401 }

/** The options of a generated client that shall speak REST over a bare line, as who holds the token or as nobody. */
export async function restOptions({ port }: PeerServer, token?: string): Promise<object> {
  return { fallback: true, protocol: 'http', apiEndpoint: 'localhost', port, authClient: await authClient(token) }
}

async function authClient(token: string | undefined): Promise<object> {
  const { OAuth2Client, PassThroughClient } = await loadClient<AuthLibrary>('google-auth-library')
  if (token === undefined) return new PassThroughClient()
  const client = new OAuth2Client()
  client.setCredentials({ access_token: token })
  return client
}
