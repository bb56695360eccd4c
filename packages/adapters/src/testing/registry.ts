import { hash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'

/** How a registry asks who one is. */
export type RegistryLogin =
  | { readonly kind: 'NONE' }
  | { readonly kind: 'BASIC'; readonly username: string; readonly password: string }
  /** `realm` defaults to the registry's own `/token`; without a password anybody gets a token. */
  | { readonly kind: 'TOKEN'; readonly realm?: string; readonly username?: string; readonly password?: string }

/** A request as the registry saw it. */
export interface SeenRequest {
  readonly method: string
  readonly url: string
  readonly authorization: string | undefined
}

/** What a hostile registry answers in place of the truth. */
export type Lie = (
  request: SeenRequest,
) => { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string } | undefined

const INDEX = 'application/vnd.oci.image.index.v1+json'
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
const CONFIG = 'application/vnd.oci.image.config.v1+json'

interface Manifest {
  readonly subject?: { readonly digest: string }
  readonly artifactType?: string
}

/** A working registry on a free loopback port: manifests, blobs, tags and referrers by page, uploads, logins; it tells what it was asked. */
export class TestRegistry {
  readonly requests: SeenRequest[] = []
  login: RegistryLogin = { kind: 'NONE' }
  lie: Lie = () => undefined
  /** Whether it knows the referrers API (distribution-spec 1.1). */
  knowsReferrers = false
  readonly #blobs = new Map<string, { readonly type: string; readonly body: Uint8Array }>()
  readonly #tags = new Map<string, Map<string, string>>()
  readonly #server: Server
  readonly #tokens = new Set<string>()

  private constructor(server: Server) {
    this.#server = server
    server.on('request', (request, response) => void this.#serve(request, response))
  }

  /** Starts it; `close` when done. */
  static async start(): Promise<TestRegistry> {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return new TestRegistry(server)
  }

  /** `127.0.0.1:PORT` */
  get host(): string {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('the registry is closed')
    return `127.0.0.1:${address.port}`
  }

  /** Adds an image that was built at `created`, and gives its digest. */
  addImage(repository: string, { tag, created }: { readonly tag?: string; readonly created: string }): string {
    const config = this.#put(CONFIG, Buffer.from(JSON.stringify({ architecture: 'amd64', os: 'linux', created })))
    const manifest = { schemaVersion: 2, mediaType: MANIFEST, config: { mediaType: CONFIG, digest: config, size: 1 }, layers: [] }
    return this.addManifest(repository, { mediaType: MANIFEST, body: JSON.stringify(manifest), ...(tag === undefined ? {} : { tag }) })
  }

  /** Adds an index over images that are there. */
  addIndex(repository: string, { tag, children }: { readonly tag: string; readonly children: Readonly<Record<string, string>> }): string {
    const manifests = Object.entries(children).map(([platform, digest]) => {
      const [os, architecture] = platform.split('/')
      return { mediaType: MANIFEST, digest, size: this.#blobs.get(digest)?.body.length ?? 0, platform: { os, architecture } }
    })
    return this.addManifest(repository, { mediaType: INDEX, tag, body: JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests }) })
  }

  /** Adds any bytes as a manifest. */
  addManifest(repository: string, { mediaType, body, tag }: { readonly mediaType: string; readonly body: string; readonly tag?: string }): string {
    const digest = this.#put(mediaType, Buffer.from(body))
    const tags = this.#tags.get(repository) ?? new Map<string, string>()
    this.#tags.set(repository, tags)
    if (tag !== undefined) tags.set(tag, digest)
    return digest
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #put(type: string, body: Uint8Array): string {
    const digest = `sha256:${hash('sha256', body, 'hex')}`
    this.#blobs.set(digest, { type, body })
    return digest
  }

  async #serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const seen: SeenRequest = { method: message.method ?? '', url: message.url ?? '', authorization: message.headers.authorization }
    this.requests.push(seen)
    const body = Buffer.concat(await Array.fromAsync(message as AsyncIterable<Buffer>))
    const lie = this.lie(seen)
    if (lie !== undefined) return void response.writeHead(lie.status, lie.headers).end(lie.body)
    const url = new URL(seen.url, `http://${this.host}`)
    if (url.pathname === '/token') return this.#serveToken(seen, body.toString(), response)
    if (!this.#isLoggedIn(seen)) return void response.writeHead(401, { 'www-authenticate': this.#challenge() }).end()
    const type = message.headers['content-type'] ?? ''
    if (seen.method === 'GET' || seen.method === 'HEAD') this.#serveContent(url, response)
    else this.#take(url, { type, body }, response)
  }

  #serveContent(url: URL, response: ServerResponse): void {
    const [, repository = '', kind, rest = ''] = /^\/v2\/(.+)\/(tags|manifests|blobs|referrers)\/([^/]+)$/.exec(url.pathname) ?? []
    if (kind === 'tags') return this.#serveTags(repository, url, response)
    if (kind === 'referrers') return this.#serveReferrers(rest, url, response)
    const digest = kind === 'manifests' ? (this.#tags.get(repository)?.get(rest) ?? rest) : rest
    const found = this.#tags.has(repository) ? this.#blobs.get(digest) : undefined
    if (found === undefined) return void response.writeHead(404).end()
    response.writeHead(200, { 'content-type': found.type, 'docker-content-digest': digest }).end(found.body)
  }

  /** One referrer a page. */
  #serveReferrers(subject: string, url: URL, response: ServerResponse): void {
    if (!this.knowsReferrers) return void response.writeHead(404).end()
    const all = [...this.#blobs].flatMap(([digest, { type, body }]) => {
      const { subject: named, artifactType } = type.endsWith('json') ? (JSON.parse(Buffer.from(body).toString()) as Manifest) : {}
      return named?.digest === subject ? [{ mediaType: type, digest, size: body.length, artifactType }] : []
    })
    const at = Number(url.searchParams.get('at') ?? 0)
    const link = at + 1 < all.length ? { link: `<${url.pathname}?at=${at + 1}>; rel="next"` } : {}
    const index = { schemaVersion: 2, mediaType: INDEX, manifests: all.slice(at, at + 1) }
    response.writeHead(200, { 'content-type': INDEX, ...link }).end(JSON.stringify(index))
  }

  /** Uploads in one piece, and manifests. */
  #take(url: URL, { type, body }: { readonly type: string; readonly body: Uint8Array }, response: ServerResponse): void {
    const [, repository = '', place = ''] = /^\/v2\/(.+)\/(blobs\/uploads\/\d*|manifests\/[^/]+)$/.exec(url.pathname) ?? []
    if (place === 'blobs/uploads/') return void response.writeHead(202, { location: `/v2/${repository}/blobs/uploads/1?state=a` }).end()
    const tags = this.#tags.get(repository) ?? new Map<string, string>()
    this.#tags.set(repository, tags)
    const digest = this.#put(type, body)
    const wanted = place.startsWith('manifests/') ? place.slice('manifests/'.length) : (url.searchParams.get('digest') ?? '')
    if (wanted.startsWith('sha256:') && wanted !== digest) return void response.writeHead(400).end()
    if (place.startsWith('manifests/') && wanted !== digest) tags.set(wanted, digest)
    const subject = place.startsWith('manifests/') && this.knowsReferrers ? (JSON.parse(Buffer.from(body).toString()) as Manifest).subject : undefined
    response.writeHead(201, { 'docker-content-digest': digest, ...(subject === undefined ? {} : { 'oci-subject': subject.digest }) }).end()
  }

  #serveTags(repository: string, url: URL, response: ServerResponse): void {
    const all = [...(this.#tags.get(repository)?.keys() ?? [])].sort()
    if (!this.#tags.has(repository)) return void response.writeHead(404).end()
    const size = Math.min(Number(url.searchParams.get('n') ?? 2), 2)
    const last = url.searchParams.get('last')
    const rest = last === null ? all : all.filter((tag) => tag > last)
    const tags = rest.slice(0, size)
    const link = rest.length > size ? { link: `</v2/${repository}/tags/list?n=${size}&last=${tags.at(-1)}>; rel="next"` } : {}
    response.writeHead(200, { 'content-type': 'application/json', ...link }).end(JSON.stringify({ name: repository, tags }))
  }

  #serveToken(seen: SeenRequest, body: string, response: ServerResponse): void {
    const { login } = this
    const isOpen = login.kind === 'TOKEN' && login.password === undefined
    const isKnown = login.kind === 'TOKEN' && (seen.authorization === basic(login) || body.includes(`refresh_token=${login.password}`))
    if (!isOpen && !isKnown) return void response.writeHead(401).end()
    const token = `token-${this.#tokens.size + 1}`
    this.#tokens.add(`Bearer ${token}`)
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ token }))
  }

  #isLoggedIn({ authorization }: SeenRequest): boolean {
    switch (this.login.kind) {
      case 'NONE':
        return true
      case 'BASIC':
        return authorization === basic(this.login)
      case 'TOKEN':
        return this.#tokens.has(authorization ?? '')
    }
  }

  #challenge(): string {
    if (this.login.kind !== 'TOKEN') return 'Basic realm="test"'
    return `Bearer realm="${this.login.realm ?? `http://${this.host}/token`}",service="test registry",scope="repository:any:push,pull"`
  }
}

function basic({ username = '', password = '' }: { readonly username?: string; readonly password?: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}
