import assert from 'node:assert/strict'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import net from 'node:net'
import { type TestContext, test } from 'node:test'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { Client, credentials, Metadata } from '@grpc/grpc-js'
import { GetProjectRequestSchema, type Project, Projects, ProjectSchema } from '@countersign/api/gen/countersign/v1/projects_pb.ts'
import { makeRestHandler } from '@countersign/api/rest/rest-handler.ts'
import { serve } from '@countersign/api/rest/service-implementation.ts'
import { issueServerCertificate, makeAuthority } from '@countersign/adapters/certificates/authority.ts'
import { StatusError } from '@countersign/core/status.ts'
import { openApiPort } from './api-port.ts'
import { makeGrpcDoor } from './grpc-door.ts'
import { type AnsweredRequest, makeHttpDoor } from './http-door.ts'

const TOKEN = 'Bearer good'

const services = [
  serve(Projects, {
    getProject: async ({ name }, context: { readonly warnings: string[] }) => {
      if (name === 'projects/gone') throw new StatusError('NOT_FOUND', 'Requested entity was not found')
      if (name === 'projects/bug') throw new Error('a secret detail')
      context.warnings.push('mind the gap')
      return { name, id: 'p1' }
    },
    createProject: async ({ project }) => ({ id: project?.id ?? '' }),
    listProjects: async () => ({ projects: [] }),
    deleteProject: async () => ({}),
  }),
]

async function open(t: TestContext, tls?: { readonly cert: string; readonly key: string }) {
  const answered: AnsweredRequest[] = []
  const authenticate = async (authorization: string | undefined) => {
    if (authorization !== TOKEN) throw new StatusError('UNAUTHENTICATED', 'no')
    return { principal: 'token:1', role: 'admin', notes: [] } as const
  }
  const onAnswer = (answer: AnsweredRequest): void => void answered.push(answer)
  const http = makeHttpDoor({ rest: makeRestHandler(services), authenticate, welcome: () => undefined, isReady: () => true, onAnswer })
  const grpc = makeGrpcDoor({ services, authenticate, onAnswer })
  const port = await openApiPort({ address: { host: '127.0.0.1', port: 0, loopback: true }, http, grpc, ...(tls === undefined ? {} : { tls }) })
  t.after(() => port.close(0))
  return { ...port, answered }
}

interface Answer {
  readonly status: number
  readonly body: string
  readonly headers: Readonly<Record<string, unknown>>
}

function rest(
  url: string,
  options: { readonly ca?: string; readonly headers?: Readonly<Record<string, string>>; readonly method?: string; readonly body?: string } = {},
): Promise<Answer> {
  const send = url.startsWith('https') ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    const request = send(url, { ...options, headers: { authorization: TOKEN, ...options.headers }, agent: false }, (response) => {
      let body = ''
      response.on('data', (chunk: Buffer) => {
        body += chunk.toString()
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body, headers: response.headers }))
    })
    request.on('error', reject)
    request.end(options.body)
  })
}

function call(t: TestContext, url: string, name: string, options: { readonly ca?: string; readonly token?: string } = {}): Promise<Project> {
  const channel = options.ca === undefined ? credentials.createInsecure() : credentials.createSsl(Buffer.from(options.ca))
  const client = new Client(new URL(url).host, channel)
  t.after(() => client.close())
  const metadata = new Metadata()
  metadata.set('authorization', options.token ?? TOKEN)
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      '/countersign.v1.Projects/GetProject',
      (message: Uint8Array) => Buffer.from(message),
      (bytes) => fromBinary(ProjectSchema, bytes),
      toBinary(GetProjectRequestSchema, create(GetProjectRequestSchema, { name })),
      metadata,
      (error, answer) => (error === null && answer !== undefined ? resolve(answer) : reject(error ?? new Error('no answer'))),
    )
  })
}

test('one plain port answers REST and gRPC from the same implementation', async (t) => {
  const { url } = await open(t)
  const answer = await rest(`${url}/countersign/v1/projects/p1`)
  assert.deepEqual([answer.status, JSON.parse(answer.body)], [200, { name: 'projects/p1', id: 'p1' }])
  assert.equal(answer.headers['x-countersign-warning'], '["mind the gap"]')
  assert.equal((await call(t, url, 'projects/p1')).id, 'p1')
})

test('one TLS port answers both, chosen by ALPN', async (t) => {
  const authority = await makeAuthority(Date.now())
  const tls = await issueServerCertificate(authority, { hosts: ['127.0.0.1', 'localhost'], now: Date.now() })
  const { url } = await open(t, tls)
  assert.equal((await rest(`${url}/countersign/v1/projects/p1`, { ca: authority.cert })).status, 200)
  assert.equal((await call(t, url.replace('127.0.0.1', 'localhost'), 'projects/p1', { ca: authority.cert })).id, 'p1')
})

test('errors leave with their code, and unknown ones without their text', async (t) => {
  const { url, answered } = await open(t)
  const gone = await rest(`${url}/countersign/v1/projects/gone`)
  assert.deepEqual(JSON.parse(gone.body), { error: { code: 404, message: 'Requested entity was not found', status: 'NOT_FOUND' } })
  const bug = await rest(`${url}/countersign/v1/projects/bug`)
  assert.deepEqual(JSON.parse(bug.body), { error: { code: 500, message: 'Internal error', status: 'INTERNAL' } })
  await assert.rejects(call(t, url, 'projects/gone'), { code: 5, details: 'Requested entity was not found' })
  await assert.rejects(call(t, url, 'projects/bug'), { code: 13, details: 'Internal error' })
  assert.equal(answered.filter(({ error }) => error?.cause instanceof Error).length, 2)
})

test('a call without a good token is answered UNAUTHENTICATED at both doors', async (t) => {
  const { url } = await open(t)
  const answer = await rest(`${url}/countersign/v1/projects/p1`, { headers: { authorization: 'Bearer bad' } })
  assert.deepEqual([answer.status, answer.headers['www-authenticate']], [401, 'Bearer realm="countersign"'])
  await assert.rejects(call(t, url, 'projects/p1', { token: 'Bearer bad' }), { code: 16 })
})

test('a body above the bound is refused before it is read whole', async (t) => {
  const { url } = await open(t)
  const answer = await rest(`${url}/countersign/v1/projects`, { method: 'POST', headers: { 'content-length': String(11 * 1024 * 1024) } }).catch(
    (error: Error) => error,
  )
  assert.ok(!(answer instanceof Error) && answer.status === 400 && answer.body.includes('exceeds the limit'))
})

test('a connection that is neither HTTP nor gRPC is closed and the port goes on', async (t) => {
  const { url } = await open(t)
  const { hostname, port } = new URL(url)
  const socket = net.connect(Number(port), hostname)
  const closed = new Promise((resolve) => socket.on('close', resolve).on('error', () => undefined))
  socket.resume()
  socket.write('\u0016\u0003\u0001garbage\r\n\r\n')
  await closed
  assert.equal((await rest(`${url}/healthz`)).status, 200)
})

test('a connection may say a byte at a time what it is', async (t) => {
  const { url } = await open(t)
  const { hostname, port } = new URL(url)
  const socket = net.connect(Number(port), hostname).setNoDelay(true)
  let answer = ''
  const ended = new Promise((resolve) => socket.on('close', resolve))
  socket.on('data', (chunk: Buffer) => {
    answer += chunk.toString()
  })
  for (const part of ['P', 'O', 'ST /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n', 'content-length: 0\r\n\r\n']) {
    await new Promise((resolve) => socket.write(part, resolve))
    await new Promise((resolve) => setImmediate(resolve))
  }
  await ended
  assert.match(answer, /^HTTP\/1\.1 /)
})
