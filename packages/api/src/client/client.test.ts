import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { DescMethodUnary, Message } from '@bufbuild/protobuf'
import { create, equals, fromJson, toJson } from '@bufbuild/protobuf'
import { StatusError } from '@countersign/core/status.ts'
import { Audit } from '../gen/countersign/v1/audit_pb.ts'
import { Projects } from '../gen/countersign/v1/projects_pb.ts'
import { BinauthzManagementServiceV1 } from '../gen/google/cloud/binaryauthorization/v1/service_pb.ts'
import { ContainerAnalysis } from '../gen/google/devtools/containeranalysis/v1/containeranalysis_pb.ts'
import { Grafeas } from '../gen/grafeas/v1/grafeas_pb.ts'
import { errorResponse, makeRestHandler } from '../rest/rest-handler.ts'
import { formatWarnings, WARNINGS_HEADER } from '../rest/warnings.ts'
import { allServices } from '../testing/all-services.ts'
import type { Fetch } from './client.ts'
import { createClient } from './client.ts'

/** A client whose server is the REST handler itself, noting the requests that arrive. */
function makePair(answer?: (request: Message) => unknown) {
  const received: Message[] = []
  const sent: { url: string; authorization: string | undefined; body: string | undefined }[] = []
  const handler = makeRestHandler(
    allServices.map((service) => ({
      service,
      call: async (method, request) => {
        received.push(request)
        return fromJson(method.output, (answer?.(request) ?? {}) as Record<string, never>)
      },
    })),
  )
  const fetch: Fetch = async (url, { method, headers, body }) => {
    sent.push({ url, authorization: headers['authorization'], body })
    const response = await handler.handle(
      { method, url: url.slice('http://server:1/base'.length), body: new TextEncoder().encode(body ?? '') },
      undefined,
    )
    return {
      status: response.status,
      headers: { get: (name) => (name === WARNINGS_HEADER ? formatWarnings(['mind, the gap', 'ü\n']) : null) },
      text: async () => new TextDecoder().decode(response.body),
    }
  }
  const warnings: string[] = []
  const client = createClient({ server: 'http://server:1/base/', token: 'cs_x', fetch, onWarning: (warning) => void warnings.push(warning) })
  return { client, received, sent, warnings }
}

describe('what the client sends is what the server reads', () => {
  const cases: readonly [method: DescMethodUnary, request: Record<string, unknown>][] = [
    [Projects.method.listProjects, { pageSize: 5, pageToken: 'a+b/=&' }],
    [Projects.method.createProject, { project: { id: 'p' } }],
    [
      BinauthzManagementServiceV1.method.updatePolicy,
      { policy: { name: 'projects/p/policy', description: 'ü', clusterAdmissionRules: { 'a.b': { evaluationMode: 'ALWAYS_DENY' } } } },
    ],
    [BinauthzManagementServiceV1.method.createAttestor, { parent: 'projects/p', attestorId: 'a', attestor: { description: 'd' } }],
    [Grafeas.method.updateNote, { name: 'projects/p/notes/a b:c', note: { shortDescription: 's' }, updateMask: 'shortDescription,longDescription' }],
    [Grafeas.method.getNote, { name: 'projects/p/locations/l/notes/n' }],
    [Grafeas.method.batchCreateNotes, { parent: 'projects/p', notes: { n: { shortDescription: 's' } } }],
    [Grafeas.method.listNoteOccurrences, { name: 'projects/p/notes/n', filter: 'has_suffix(resourceUrl, "sha256:ab")' }],
    [ContainerAnalysis.method.setIamPolicy, { resource: 'projects/p/occurrences/o', policy: { bindings: [{ role: 'r', members: ['m'] }] } }],
    [ContainerAnalysis.method.exportSBOM, { name: 'projects/p/resources/https://gcr.io/p/i@sha256:ab', cloudStorageLocation: {} }],
    [Audit.method.listLogEntries, { parent: 'projects/p', filter: 'a="b"', orderBy: 'timestamp desc' }],
  ]
  for (const [method, json] of cases) {
    test(`${method.parent.name}.${method.name}`, async () => {
      const { client, received, sent } = makePair()
      const request = fromJson(method.input, json as Record<string, never>)
      await client.call(method, request)
      const [arrived] = received
      assert.ok(arrived)
      assert.ok(equals(method.input, arrived, request), `${sent[0]?.url}: ${JSON.stringify(toJson(method.input, arrived))}`)
      assert.equal(sent[0]?.authorization, 'Bearer cs_x')
    })
  }
})

describe('what comes back', () => {
  test('an answer is a typed message; its warnings are told', async () => {
    const { client, warnings } = makePair(() => ({ id: 'p', number: '123' }))
    const project = await client.call(Projects.method.getProject, { name: 'projects/p' })
    assert.equal(project.number, '123')
    assert.deepEqual(warnings, ['mind, the gap', 'ü\n'])
  })

  const failures: readonly [name: string, fetch: Fetch, code: string, message: RegExp][] = [
    [
      'an error body',
      answering(404, new TextDecoder().decode(errorResponse(new StatusError('NOT_FOUND', 'no such project')).body)),
      'NOT_FOUND',
      /^no such project$/,
    ],
    ['an error without a body', answering(503, '<html>'), 'UNAVAILABLE', /HTTP status 503/],
    ['a page instead of JSON', answering(200, '<html>'), 'INTERNAL', /is this a Countersign server/],
    ['JSON of another kind', answering(200, '[1]'), 'INTERNAL', /is this a Countersign server/],
    [
      'no server',
      async () => Promise.reject(new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') })),
      'UNAVAILABLE',
      /http:\/\/s: connect ECONNREFUSED$/,
    ],
  ]
  for (const [name, fetch, code, message] of failures) {
    test(`${name} is ${code}`, async () => {
      const call = createClient({ server: 'http://s', fetch }).call(Projects.method.getProject, { name: 'projects/p' })
      await assert.rejects(call, (error) => error instanceof StatusError && error.code === code && message.test(error.message))
    })
  }

  test('members that a newer server adds are passed over', async () => {
    const { id } = await createClient({ server: 'http://s', fetch: answering(200, '{"id":"p","flavour":"new"}') }).call(Projects.method.getProject, {
      name: 'projects/p',
    })
    assert.equal(id, 'p')
  })
})

test('a name that fits no path is refused before anything is sent', async () => {
  const { client, sent } = makePair()
  for (const name of ['', 'p', 'projects/', 'projects/a/b', 'projects/..', 'notes/n']) {
    await assert.rejects(client.call(Projects.method.getProject, create(Projects.method.getProject.input, { name })), isInvalidArgument)
  }
  assert.deepEqual(sent, [])
})

test('a server that is no http address is refused', () => {
  for (const server of ['', 'localhost:80', 'ftp://x', 'http://user@x', 'http://x?y']) {
    assert.throws(() => createClient({ server, fetch: answering(200, '{}') }), isInvalidArgument)
  }
})

function answering(status: number, text: string): Fetch {
  return async () => ({ status, headers: { get: () => null }, text: async () => text })
}

function isInvalidArgument(error: unknown): boolean {
  return error instanceof StatusError && error.code === 'INVALID_ARGUMENT'
}
