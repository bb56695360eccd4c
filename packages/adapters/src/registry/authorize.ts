import { StatusError } from '@countersign/core/status.ts'
import { mayReceivePassword } from './address.ts'
import type { Challenge } from './challenge.ts'
import type { Credentials } from './credentials.ts'
import type { Fetch } from './fetch.ts'
import { parseObject, readBody } from './read-body.ts'

const MAX_TOKEN_ANSWER = 256 * 1024
const CLIENT_ID = 'countersign'

/** What answering a challenge needs. */
export interface Authorizing {
  readonly fetch: Fetch
  /** The origin that asks. */
  readonly registry: URL
  readonly credentials: Credentials | undefined
  /** Hosts (with port) of token services that may be shown passwords although they are not the registry's own. */
  readonly tokenHosts: readonly string[]
  /** What is asked for: `repository:PATH:pull`. */
  readonly scope: string
  readonly signal: AbortSignal
}

/** The `Authorization` header that answers a challenge; undefined where we have nothing to show. */
export async function answerChallenge(challenge: Challenge, authorizing: Authorizing): Promise<string | undefined> {
  const { credentials, registry } = authorizing
  if (challenge.scheme === 'BASIC') {
    if (credentials?.kind !== 'PASSWORD') return undefined
    return basic(credentials)
  }
  const realm = parseRealm(challenge.realm, registry)
  if (credentials !== undefined && !mayReceivePassword(realm, registry, authorizing.tokenHosts)) {
    const why = `it asks for its password to be sent to ${realm.host}, which is not known as its token service`
    throw new StatusError('PERMISSION_DENIED', `Cannot log in to ${registry.host}: ${why}; nothing was sent`)
  }
  return `Bearer ${await fetchToken(realm, challenge, authorizing)}`
}

function parseRealm(text: string, registry: URL): URL {
  const realm = URL.canParse(text) ? new URL(text) : undefined
  const isPlain = realm?.protocol === 'http:' && registry.protocol === 'http:'
  if (realm !== undefined && realm.username === '' && (realm.protocol === 'https:' || isPlain)) return realm
  throw new StatusError('FAILED_PRECONDITION', `Cannot log in to ${registry.host}: the token service that it names is not an https URL`)
}

async function fetchToken(realm: URL, challenge: Challenge & { readonly scheme: 'BEARER' }, authorizing: Authorizing): Promise<string> {
  const { fetch, credentials, registry, signal } = authorizing
  const { service } = challenge
  const asked = new URLSearchParams({ ...(service === undefined ? {} : { service }), scope: authorizing.scope })
  const response = await (credentials?.kind === 'IDENTITY_TOKEN'
    ? fetch(realm, refreshing(asked, credentials.token, signal))
    : fetch(withQuery(realm, asked), { headers: credentials === undefined ? {} : { authorization: basic(credentials) }, redirect: 'manual', signal }))
  if (response.status !== 200) throw refused(response.status, registry, realm)
  const answer = parseObject(await readBody(response, MAX_TOKEN_ANSWER), `the token of ${realm.host}`)
  const token = answer['token'] ?? answer['access_token']
  // A header is made of it: visible characters only, whatever the service says.
  if (typeof token === 'string' && /^[\x21-\x7e]{1,65536}$/.test(token)) return token
  throw new StatusError('DATA_LOSS', `Cannot log in to ${registry.host}: the answer of ${realm.host} holds no token`)
}

function refreshing(asked: URLSearchParams, token: string, signal: AbortSignal) {
  const body = new URLSearchParams([...asked, ['grant_type', 'refresh_token'], ['client_id', CLIENT_ID], ['refresh_token', token]])
  return { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: String(body), redirect: 'manual', signal } as const
}

function withQuery(realm: URL, query: URLSearchParams): URL {
  const url = new URL(realm)
  for (const [name, value] of query) url.searchParams.set(name, value)
  return url
}

function basic({ username, password }: Credentials & { readonly kind: 'PASSWORD' }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

function refused(status: number, registry: URL, realm: URL): StatusError {
  const isRefusal = status >= 400 && status < 500
  const text = `Cannot log in to ${registry.host}: its token service ${realm.host} answered ${status}`
  return isRefusal ? new StatusError('UNAUTHENTICATED', `${text}; log in with: docker login ${registry.host}`) : new StatusError('UNAVAILABLE', text)
}
