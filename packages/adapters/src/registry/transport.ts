import { StatusError } from '@countersign/core/status.ts'
import { apiHost, isLoopback } from './address.ts'
import { answerChallenge } from './authorize.ts'
import { parseChallenge } from './challenge.ts'
import type { CredentialSource } from './credentials.ts'
import type { Fetch } from './fetch.ts'
import { readBody } from './read-body.ts'

const MAX_REDIRECTS = 5
const TIMEOUT_MS = 30_000

export interface TransportOptions {
  readonly fetch: Fetch
  readonly credentials: CredentialSource
  /** Hosts that may be spoken to in plain text; loopback always may. */
  readonly insecureHosts: readonly string[]
  /** PEM of an authority that is trusted beside the system's, for registries and token services alike. */
  readonly ca?: string
  /** Hosts of token services that may be shown passwords although they are not the registry's own. */
  readonly tokenHosts: readonly string[]
}

/** What is asked of a registry. */
export interface Query {
  /** The domain of the image reference. */
  readonly domain: string
  /** Repository path, for the token's scope. */
  readonly repository: string
  /** Path and query behind the origin: `/v2/…`; or a whole URL that the registry named. */
  readonly path: string
  readonly accept: string
  readonly maxBytes: number
}

/** What is said to a registry: reading by default. */
export interface Exchange {
  readonly domain: string
  readonly repository: string
  readonly path: string
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array | Blob
  /** What the token must allow; reading by default. */
  readonly actions?: 'pull' | 'pull,push'
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Uint8Array
}

/**
 * Asks registries over HTTP. Who we are is shown to the registry's own origin only: a redirect to another origin goes without any
 * `Authorization`, and never from TLS to plain text (peers.md C14).
 */
export class Transport {
  readonly #options: TransportOptions
  /** By domain: whether it speaks TLS is found out once. */
  readonly #origins = new Map<string, Promise<URL>>()
  /** By origin and scope; what a registry asked for is shown to it unasked from then on. */
  readonly #authorizations = new Map<string, string>()

  constructor(options: TransportOptions) {
    this.#options = options
  }

  /** Gives whatever the registry answers with a body within bounds; UNAVAILABLE where it cannot be reached, UNAUTHENTICATED where it does not let us in. */
  async get({ accept, maxBytes, ...place }: Query): Promise<Answer> {
    const response = await this.open({ ...place, headers: { accept } }, AbortSignal.timeout(TIMEOUT_MS))
    return await readAnswer(response, maxBytes)
  }

  /** As `get`, with the body unread: whoever opens it reads it within bounds, or cancels it. The signal ends the reading too. */
  async open(exchange: Exchange, signal: AbortSignal): Promise<Response> {
    const origin = await this.#originOf(exchange.domain)
    const known = `${origin.origin} ${scopeOf(exchange)}`
    const first = await this.#follow(exchange, { origin, authorization: this.#authorizations.get(known), signal })
    if (first.status !== 401) return first
    const authorization = await this.#authorize(first, { exchange, origin, signal })
    if (authorization === undefined) return first
    await first.body?.cancel()
    const second = await this.#follow(exchange, { origin, authorization, signal })
    if (second.status !== 401) this.#authorizations.set(known, authorization)
    return second
  }

  async #authorize(
    refused: Response,
    { exchange, origin, signal }: { readonly exchange: Exchange; readonly origin: URL; readonly signal: AbortSignal },
  ): Promise<string | undefined> {
    const challenge = parseChallenge(refused.headers.get('www-authenticate') ?? '')
    if (challenge === undefined) return undefined
    const credentials = await this.#options.credentials(exchange.domain)
    const { tokenHosts } = this.#options
    const fetch: Fetch = (url, init) => this.#fetch(url, init)
    return await answerChallenge(challenge, { fetch, registry: origin, credentials, tokenHosts, scope: scopeOf(exchange), signal })
  }

  async #follow(
    { path, headers, ...said }: Exchange,
    { origin, authorization, signal }: { readonly origin: URL; readonly authorization: string | undefined; readonly signal: AbortSignal },
  ): Promise<Response> {
    const { method = 'GET', body } = said
    let url = new URL(path, origin)
    if (isPlainBehind(origin, url)) throw unreachable(origin, 'it names an address in plain text')
    for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
      const shown = authorization !== undefined && url.origin === origin.origin ? { authorization } : {}
      const sent = { method, headers: { ...headers, ...shown }, ...(body === undefined ? {} : { body }) }
      const response = await this.#fetch(url, { ...sent, redirect: 'manual', signal })
      const next = redirectOf(response, url)
      if (next === undefined) return response
      await response.body?.cancel()
      // What is pushed goes where the registry said that uploads go, and no further.
      if (isPlainBehind(url, next)) throw unreachable(url, 'it redirects from https to plain text')
      if (method === 'POST' || method === 'PUT') throw unreachable(url, 'it redirects what is pushed, which is not followed')
      url = next
    }
    throw unreachable(origin, `it redirects more than ${MAX_REDIRECTS} times`)
  }

  #originOf(domain: string): Promise<URL> {
    const found = this.#origins.get(domain) ?? this.#findOrigin(domain)
    this.#origins.set(domain, found)
    found.catch(() => this.#origins.delete(domain))
    return found
  }

  /** TLS first; plain text only where it is allowed and TLS cannot be spoken. */
  async #findOrigin(domain: string): Promise<URL> {
    const host = apiHost(domain)
    const secure = new URL(`https://${host}`)
    if (!isLoopback(host) && !this.#options.insecureHosts.includes(domain)) return secure
    try {
      const response = await this.#fetch(new URL('/v2/', secure), {
        headers: {},
        redirect: 'manual',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      })
      await response.body?.cancel()
      return secure
    } catch (error) {
      // Who speaks TLS with a certificate that nobody trusts is not asked again without any.
      if (isOfCertificate(error)) throw error
      return new URL(`http://${host}`)
    }
  }

  async #fetch(...[url, init]: Parameters<Fetch>): Promise<Response> {
    const { fetch, ca } = this.#options
    try {
      return await fetch(url, { ...init, ...(ca === undefined ? {} : { ca }) })
    } catch (cause) {
      if (cause instanceof StatusError) throw cause
      throw unreachable(url, describe(cause), cause)
    }
  }
}

function isPlainBehind(from: URL, to: URL): boolean {
  return from.protocol === 'https:' && to.protocol !== 'https:'
}

function scopeOf({ repository, actions = 'pull' }: Exchange): string {
  return `repository:${repository}:${actions}`
}

async function readAnswer(response: Response, maxBytes: number): Promise<Answer> {
  const { status, headers } = response
  try {
    return { status, headers, body: await readBody(response, maxBytes) }
  } catch (cause) {
    throw brokenOff(cause)
  }
}

/** What became of an answer that was being read. */
export function brokenOff(cause: unknown): StatusError {
  return cause instanceof StatusError ? cause : new StatusError('UNAVAILABLE', `The registry's answer broke off: ${describe(cause)}`, { cause })
}

function redirectOf(response: Response, from: URL): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(response.status)) return undefined
  const location = response.headers.get('location') ?? ''
  const next = URL.canParse(location, from) ? new URL(location, from) : undefined
  if (next !== undefined && (next.protocol === 'https:' || next.protocol === 'http:') && `${next.username}${next.password}` === '') return next
  throw unreachable(from, 'it redirects to an address that is not valid')
}

const CERTIFICATE = /^(?:ERR_TLS_CERT|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_SELF_SIGNED)/

/** Whether it is the certificate of the other side that is not taken. */
function isOfCertificate(error: unknown): boolean {
  return error instanceof StatusError && CERTIFICATE.test(describe(error.cause))
}

/** The innermost reason, such as ECONNREFUSED: `fetch failed` says nothing. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return 'it failed'
  if (error.name === 'TimeoutError') return `no answer within ${TIMEOUT_MS / 1000} s`
  if ('code' in error && typeof error.code === 'string') return error.code
  return error.cause === undefined ? error.name : describe(error.cause)
}

function unreachable(url: URL, why: string, cause?: unknown): StatusError {
  const hint = CERTIFICATE.test(why)
    ? '; its certificate is by an authority that is not trusted here: name the authority with --registry-ca-file'
    : ''
  return new StatusError('UNAVAILABLE', `Cannot reach ${url.host}: ${why}${hint}`, { cause })
}
