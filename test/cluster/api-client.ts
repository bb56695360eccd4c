import { readFileSync } from 'node:fs'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import type { Certificates } from './certificates.ts'

/** What an API server answered. */
export interface ApiAnswer {
  readonly status: number
  readonly body: string
}

/** Where an API server is, and who asks. */
export interface ApiClient {
  readonly url: string
  readonly agent: Agent
}

/** A client that shows the administrator's certificate and keeps its connections. */
export function makeApiClient(url: string, { authority, admin }: Certificates): ApiClient {
  const read = (file: string) => readFileSync(file, 'utf8')
  const agent = new Agent({ keepAlive: true, ca: read(authority.certificate), cert: read(admin.certificate), key: read(admin.key) })
  return { url, agent }
}

/** Asks once. Rejects where no answer comes. */
export async function callApi(client: ApiClient, method: string, path: string, body?: object): Promise<ApiAnswer> {
  const response = await send(client, method, path, body)
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) text += String(chunk)
  return { status: response.statusCode ?? 0, body: text }
}

/** Follows a list: one event a line, until the API server closes the stream or `signal` ends it. */
export async function* watchApi(client: ApiClient, path: string, signal: AbortSignal): AsyncGenerator<unknown> {
  const response = await send(client, 'GET', path, undefined, signal)
  if (response.statusCode !== 200) throw new Error(`Cannot watch ${path}: ${response.statusCode}`)
  let rest = ''
  for await (const chunk of response.setEncoding('utf8')) {
    const lines = (rest + String(chunk)).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) yield JSON.parse(line)
  }
}

async function send(client: ApiClient, method: string, path: string, body?: object, signal?: AbortSignal): Promise<IncomingMessage> {
  const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
  const sent = request(new URL(path, client.url), {
    method,
    agent: client.agent,
    headers: { 'content-type': type },
    ...(signal === undefined ? {} : { signal }),
  })
  sent.end(body === undefined ? undefined : JSON.stringify(body))
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  return response
}
