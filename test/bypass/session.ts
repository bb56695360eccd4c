import { readFileSync } from 'node:fs'
import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { formatSignaturePayload } from '@countersign/evidence/payload/signature-payload.ts'
import { makePkixPair, type PkixPair } from '@countersign/evidence/testing/pkix-keys.ts'
import type { ImageDigest } from '@countersign/core/image/reference.ts'
import { type ServerOptions, type StartedServer, startServer } from '../harness/server.ts'

/** An answer of either door: the body parsed where it is JSON. */
export interface Answer {
  readonly status: number
  // The tests read whatever the door wrote.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly json: any
  readonly text: string
}

/** A real server with one project, its cluster and its administrator. */
export interface Session extends StartedServer {
  readonly token: string
  /** Calls the API as the administrator, or as who holds `token`. */
  readonly api: (method: string, path: string, body?: unknown, token?: string) => Promise<Answer>
  /** Sends bytes to the webhook of the cluster of `p1`. */
  readonly hook: (body: string | Uint8Array, query?: string) => Promise<Answer>
  /** Sends a proper review and gives its `response`, or the HTTP status where the gate did not decide. */
  readonly ask: (object: unknown, more?: Readonly<Record<string, unknown>>) => Promise<Verdict>
}

/** What became of a review. */
export type Verdict = 'ALLOWED' | 'DENIED' | `HTTP ${number}`

export const DENY_ALL = { defaultAdmissionRule: { evaluationMode: 'ALWAYS_DENY', enforcementMode: 'ENFORCED_BLOCK_AND_AUDIT_LOG' } }
export const BAD = 'evil.example/miner:latest'
export const DIGEST = `sha256:${'ab'.repeat(32)}` as ImageDigest
export const OTHER_DIGEST = `sha256:${'cd'.repeat(32)}` as ImageDigest
export const REPOSITORY = 'registry.example/team/app'

/** Starts a server with project `p1`, a cluster, and a policy. */
export async function startSession(policy: unknown = DENY_ALL, options: ServerOptions = {}): Promise<Session> {
  const server = await startServer(options)
  const token = readFileSync(server.adminTokenFile, 'utf8').trim()
  const ca = readFileSync(server.caFile, 'utf8')
  const api: Session['api'] = (method, path, body, by = token) =>
    send(server.apiUrl + path, { method, token: by, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
  await must(api('POST', '/countersign/v1/projects', { id: 'p1' }))
  const cluster = await must(api('POST', '/countersign/v1/projects/p1/clusters', { key: 'us-central1-a.prod' }))
  await must(api('PUT', '/v1/projects/p1/policy', policy))
  const hook: Session['hook'] = (body, query = '?timeout=10s') => send(`${cluster.json.webhookUrl}${query}`, { method: 'POST', body, ca })
  const ask: Session['ask'] = async (object, more = {}) => verdictOf(await hook(JSON.stringify(reviewOf(object, more))))
  return { ...server, token, api, hook, ask }
}

/** The answer, which must be a success. */
export async function must(answer: Promise<Answer>): Promise<Answer> {
  const given = await answer
  if (given.status !== 200) throw new Error(`${given.status} ${given.text.slice(0, 2000)}`)
  return given
}

/** What an API server makes of an answer. */
function verdictOf({ status, json }: Answer): Verdict {
  if (status !== 200) return `HTTP ${status}`
  const allowed: unknown = json.kind === 'ImageReview' ? json.status.allowed : json.response.allowed
  return allowed === true ? 'ALLOWED' : 'DENIED'
}

/** An AdmissionReview as an API server writes it, with whatever a test wants to be different in its request. */
export function reviewOf(object: unknown, more: Readonly<Record<string, unknown>> = {}): object {
  const {
    apiVersion = 'v1',
    kind = 'Pod',
    metadata = {},
  } = (object ?? {}) as { apiVersion?: string; kind?: string; metadata?: { namespace?: string } }
  const slash = apiVersion.indexOf('/')
  const gvk = { group: slash < 0 ? '' : apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1), kind }
  const request = {
    uid: 'u-1',
    kind: gvk,
    resource: { group: gvk.group, version: gvk.version, resource: `${kind.toLowerCase()}s` },
    namespace: metadata.namespace ?? 'default',
    operation: 'CREATE',
    userInfo: { username: 'mallory' },
    object,
    ...more,
  }
  return { kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1', request }
}

/** A Pod; `spec` and `metadata` are laid over the usual ones. */
export function podOf(image: string, { metadata = {}, spec = {} }: { readonly metadata?: object; readonly spec?: object } = {}): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'pod', namespace: 'default', ...metadata },
    spec: { serviceAccountName: 'default', containers: [{ name: 'main', image }], ...spec },
  }
}

/** A key pair of the cheapest kind; `which` names another one. */
export function keyPair(which = 'first'): PkixPair {
  return makePkixPair('ECDSA_P256_SHA256', which)
}

/** Where an attestor and its note lie; by default both in `p1`. */
export interface Placed {
  readonly project?: string
  readonly note?: string
}

/** Makes the note, where it is missing, and an attestor `projects/PROJECT/attestors/ID` with these keys. */
export async function makeAttestor({ api }: Session, id: string, keys: readonly PkixPair[], placed: Placed = {}): Promise<string> {
  const { project = 'p1' } = placed
  const note = placed.note ?? `projects/${project}/notes/${id}`
  const [parent, noteId] = note.split('/notes/')
  await api('POST', `/v1/${parent}/notes?noteId=${noteId}`, { attestation: { hint: { humanReadableName: id } } })
  const publicKeys = keys.map(({ key: { id: keyId, publicKeyPem, signatureAlgorithm } }) => ({
    id: keyId,
    pkixPublicKey: { publicKeyPem, signatureAlgorithm },
  }))
  const body = { userOwnedGrafeasNote: { noteReference: note, publicKeys } }
  await must(api('POST', `/v1/projects/${project}/attestors?attestorId=${id}`, body))
  return `projects/${project}/attestors/${id}`
}

/** What may be different in an occurrence; by default an honest attestation of DIGEST. */
export interface Forged {
  readonly digest?: ImageDigest
  readonly uri?: string
  readonly payload?: Uint8Array
  readonly keyId?: string
}

/** An attestation occurrence on a note, signed by `pair`. */
export async function occurrenceOf(note: string, pair: PkixPair, forged: Forged = {}): Promise<{ readonly attestation: object }> {
  const { digest = DIGEST, keyId = pair.key.id } = forged
  const { payload = formatSignaturePayload({ repository: REPOSITORY, digest }), uri = `https://${REPOSITORY}@${digest}` } = forged
  const signature = Buffer.from(await pair.signer.sign(payload)).toString('base64')
  const attestation = { serializedPayload: Buffer.from(payload).toString('base64'), signatures: [{ publicKeyId: keyId, signature }] }
  return { noteName: note, resourceUri: uri, attestation } as { readonly attestation: object }
}

/** A policy that requires these attestors. */
export function requiring(...attestors: readonly string[]): object {
  return {
    defaultAdmissionRule: {
      evaluationMode: 'REQUIRE_ATTESTATION',
      enforcementMode: 'ENFORCED_BLOCK_AND_AUDIT_LOG',
      requireAttestationsBy: attestors,
    },
  }
}

interface Sent {
  readonly method: string
  readonly body?: string | Uint8Array
  readonly token?: string
  readonly ca?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** One HTTP request on a connection of its own, kept alive as API servers do; the path goes out exactly as written. */
export function send(url: string, { method, body, token, ca, headers }: Sent): Promise<Answer> {
  const { protocol, hostname, port } = new URL(url)
  const path = url.slice(url.indexOf('/', protocol.length + 2))
  const [open, agent] =
    protocol === 'https:' ? [httpsRequest, new HttpsAgent({ keepAlive: true })] : [httpRequest, new HttpAgent({ keepAlive: true })]
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
  const options = {
    method,
    hostname,
    port,
    path,
    agent,
    ...(ca === undefined ? {} : { ca }),
    headers: { 'content-type': 'application/json', ...length, ...authorization, ...headers },
  }
  return new Promise((resolve, reject) => {
    const request = open(options, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        agent.destroy()
        resolve(answerOf(response.statusCode ?? 0, Buffer.concat(chunks).toString()))
      })
    })
    request.on('error', reject)
    request.end(body)
  })
}

function answerOf(status: number, text: string): Answer {
  try {
    return { status, text, json: JSON.parse(text) }
  } catch (error) {
    if (error instanceof SyntaxError) return { status, text, json: undefined }
    throw error
  }
}
