import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { StatusError } from '@countersign/core/status.ts'
import fc from 'fast-check'
import { PolicySchema } from '../gen/google/cloud/binaryauthorization/v1/resources_pb.ts'
import { BinauthzManagementServiceV1 } from '../gen/google/cloud/binaryauthorization/v1/service_pb.ts'
import { NoteSchema } from '../gen/grafeas/v1/grafeas_pb.ts'
import { errorOf, makeRecorder, requestJson, textOf } from '../testing/recorder.ts'
import type { RestResponse } from './rest-handler.ts'
import { makeRestHandler } from './rest-handler.ts'
import { serve } from './service-implementation.ts'

describe('what clients really send', () => {
  test('§1.3: gax sends $alt, enums as integers and snake_case field masks', async () => {
    const { send, last } = makeRecorder((method) => create(method.output, method.output.typeName === NoteSchema.typeName ? { kind: 7 } : {}))
    const response = await send('PATCH', '/v1/projects/p/notes/n?updateMask=short_description%2Clong_description&$alt=json%3Benum-encoding=int', {
      kind: 7,
    })
    assert.deepEqual(requestJson(last()), {
      name: 'projects/p/notes/n',
      note: { kind: 'ATTESTATION' },
      updateMask: 'shortDescription,longDescription',
    })
    assert.deepEqual(JSON.parse(textOf(response)), { kind: 7 })
  })

  test('enum names are the answer where nobody asks for numbers', async () => {
    const { send } = makeRecorder((method) => create(method.output, method.output.typeName === NoteSchema.typeName ? { kind: 7 } : {}))
    assert.equal(textOf(await send('GET', '/v1/projects/p/notes/n?alt=json')), '{\n  "kind": "ATTESTATION"\n}\n')
    assert.equal(textOf(await send('GET', '/v1/projects/p/notes/n?prettyPrint=false')), '{"kind":"ATTESTATION"}\n')
  })

  test('§5.2: notes/?noteId= with a trailing slash and snake_case members', async () => {
    const { send, last } = makeRecorder()
    const body = '{"name":"projects/p/notes/n","attestation_authority":{"hint":{"human_readable_name":"x"}}}'
    const response = await send('POST', '/v1beta1/projects/p/notes/?noteId=n', body)
    assert.equal(response.status, 200, textOf(response))
    assert.deepEqual(requestJson(last()), {
      parent: 'projects/p',
      noteId: 'n',
      note: { name: 'projects/p/notes/n', attestationAuthority: { hint: { humanReadableName: 'x' } } },
    })
  })

  test('§5.2: single-quoted IAM bodies', async () => {
    const { send, last } = makeRecorder()
    const body =
      "{'resource': 'projects/p/notes/n', 'policy': {'bindings': [{'role': 'roles/containeranalysis.notes.occurrences.viewer', 'members': ['serviceAccount:it\\'s']}]}}"
    const response = await send('POST', '/v1/projects/p/notes/n:setIamPolicy', body)
    assert.equal(response.status, 200, textOf(response))
    assert.deepEqual(requestJson(last()), {
      resource: 'projects/p/notes/n',
      policy: { bindings: [{ role: 'roles/containeranalysis.notes.occurrences.viewer', members: ["serviceAccount:it's"] }] },
    })
  })

  test('§2.7: gcloud reads IAM policies over v1alpha2 with a nested query parameter', async () => {
    const { send, last } = makeRecorder()
    await send('GET', '/v1alpha2/projects/p1/policy:getIamPolicy?options.requestedPolicyVersion=3&alt=json')
    assert.deepEqual(requestJson(last()), { resource: 'projects/p1/policy', options: { requestedPolicyVersion: 3 } })
  })

  test('§2.7: gcloud lists with filter and page size; the path fills the name of a policy that is put', async () => {
    const { send, last } = makeRecorder()
    await send('GET', '/v1/projects/p1/notes/n/occurrences?alt=json&filter=has_suffix%28resourceUrl%2C+%22sha256%3Aab%22%29&pageSize=100')
    assert.deepEqual(requestJson(last()), { name: 'projects/p1/notes/n', filter: 'has_suffix(resourceUrl, "sha256:ab")', pageSize: 100 })
    await send('PUT', '/v1/projects/p1/policy?alt=json', { name: 'projects/other/policy', defaultAdmissionRule: { evaluationMode: 'ALWAYS_DENY' } })
    assert.deepEqual(requestJson(last()), { policy: { name: 'projects/p1/policy', defaultAdmissionRule: { evaluationMode: 'ALWAYS_DENY' } } })
  })

  test('a digest in a name is no verb', async () => {
    const { send, last } = makeRecorder()
    await send('GET', '/countersign/v1/projects/p/receipts/sha256:ab')
    assert.deepEqual(requestJson(last()), { name: 'projects/p/receipts/sha256:ab' })
  })

  test('resources/** keeps its slashes, encoded or not', async () => {
    const { send, last } = makeRecorder()
    for (const resource of ['https://gcr.io/p/i@sha256:ab', encodeURIComponent('https://gcr.io/p/i@sha256:ab')]) {
      const response = await send('POST', `/v1/projects/p/resources/${resource.replace('//', '%2F%2F')}:exportSBOM`, {})
      assert.equal(response.status, 200, textOf(response))
      assert.deepEqual(requestJson(last()), { name: 'projects/p/resources/https://gcr.io/p/i@sha256:ab' })
    }
  })
})

describe('what is refused', () => {
  const { send, calls } = makeRecorder()
  const cases: readonly [name: string, method: string, url: string, body: string, code: number, status: string, message: RegExp][] = [
    ['an unknown path', 'GET', '/v1/nothing', '', 404, 'NOT_FOUND', /no path of this API/],
    ['an empty segment', 'GET', '/v1/projects//policy', '', 404, 'NOT_FOUND', /no path/],
    ['a dot segment', 'GET', '/v1/projects/%2e%2e/policy', '', 404, 'NOT_FOUND', /no path/],
    ['another HTTP method', 'PATCH', '/v1/projects/p/policy', '', 501, 'UNIMPLEMENTED', /expected GET or PUT/],
    [
      'an unknown field',
      'PUT',
      '/v1/projects/p/policy',
      '{"defaultAdmissionRule":{"evaluation":"x"}}',
      400,
      'INVALID_ARGUMENT',
      /defaultAdmissionRule\.evaluation: unknown field/,
    ],
    [
      'an unknown enum name',
      'PUT',
      '/v1/projects/p/policy',
      '{"defaultAdmissionRule":{"evaluationMode":true}}',
      400,
      'INVALID_ARGUMENT',
      /evaluationMode: found true, expected ALWAYS_ALLOW/,
    ],
    [
      'an unknown enum number',
      'PUT',
      '/v1/projects/p/policy',
      '{"defaultAdmissionRule":{"evaluationMode":99}}',
      400,
      'INVALID_ARGUMENT',
      /evaluationMode: found 99/,
    ],
    ['both spellings of a field', 'PUT', '/v1/projects/p/policy', '{"update_time":null,"updateTime":null}', 400, 'INVALID_ARGUMENT', /given twice/],
    [
      'a member twice',
      'PUT',
      '/v1/projects/p/policy',
      '{"name":"a","n\\u0061me":"b"}',
      400,
      'INVALID_ARGUMENT',
      /1:13: the member "name" stands twice/,
    ],
    ['a text that is no JSON', 'PUT', '/v1/projects/p/policy', '{"name":}', 400, 'INVALID_ARGUMENT', /1:9: value, object or array expected/],
    ['half of a surrogate pair', 'PUT', '/v1/projects/p/policy', '{"name":"\\ud800"}', 400, 'INVALID_ARGUMENT', /surrogate/],
    ['deep nesting', 'PUT', '/v1/projects/p/policy', '['.repeat(100_000), 400, 'INVALID_ARGUMENT', /nested deeper than 64/],
    ['a body where there is none', 'GET', '/v1/projects/p/policy', '{"a":1}', 400, 'INVALID_ARGUMENT', /takes no body/],
    ['an unknown parameter', 'GET', '/v1/projects/p/policy?nmae=x', '', 400, 'INVALID_ARGUMENT', /nmae: unknown query parameter/],
    [
      'a parameter that the path gives',
      'GET',
      '/v1/projects/p/policy?name=projects/q/policy',
      '',
      400,
      'INVALID_ARGUMENT',
      /by the path or the body/,
    ],
    ['a parameter that the body gives', 'POST', '/v1/projects/p/notes?note.name=x', '{}', 400, 'INVALID_ARGUMENT', /by the path or the body/],
    ['a parameter twice', 'GET', '/v1/projects/p/notes?filter=a&filter=b', '', 400, 'INVALID_ARGUMENT', /given twice/],
    ['a number that is none', 'GET', '/v1/projects/p/notes?pageSize=many', '', 400, 'INVALID_ARGUMENT', /page_size/],
    ['a broken percent-encoding', 'GET', '/v1/projects/%ff/notes', '', 400, 'INVALID_ARGUMENT', /percent-encoding/],
    ['a control character', 'GET', '/v1/projects/a%0ab/notes', '', 400, 'INVALID_ARGUMENT', /control character/],
    ['a bad time', 'PUT', '/v1/projects/p/policy', '{"updateTime":"yesterday"}', 400, 'INVALID_ARGUMENT', /Timestamp/],
  ]
  for (const [name, method, url, body, code, status, message] of cases) {
    test(name, async () => {
      const before = calls.length
      const response = await send(method, url, body)
      assert.deepEqual([response.status, errorOf(response).code, errorOf(response).status], [code, code, status])
      assert.match(errorOf(response).message, message)
      assert.equal(calls.length, before)
    })
  }

  test('a slash smuggled into one segment stays encoded', async () => {
    const recorder = makeRecorder()
    await recorder.send('GET', '/v1/projects/p%2Fnotes%2Fn/notes')
    assert.deepEqual(requestJson(recorder.last()), { parent: 'projects/p%2Fnotes%2Fn' })
  })

  test('every issue is told at once', async () => {
    const response = await send('PUT', '/v1/projects/p/policy', { foo: 1, description: 2, admissionWhitelistPatterns: [{ bar: 1 }, 3] })
    assert.equal(
      errorOf(response).message,
      'Invalid request: foo: unknown field, google.cloud.binaryauthorization.v1.Policy has none of this name; description: expected a text, found 2; ' +
        'admissionWhitelistPatterns[0].bar: unknown field, google.cloud.binaryauthorization.v1.AdmissionWhitelistPattern has none of this name; ' +
        'admissionWhitelistPatterns[1]: expected an object (google.cloud.binaryauthorization.v1.AdmissionWhitelistPattern), found 3',
    )
  })

  test('a body beyond 10 MiB', async () => {
    const response = await send('PUT', '/v1/projects/p/policy', ' '.repeat(10 * 1024 * 1024 + 1))
    assert.equal(errorOf(response).status, 'INVALID_ARGUMENT')
  })
})

describe('serve()', () => {
  const handler = makeRestHandler([
    serve(BinauthzManagementServiceV1, {
      getPolicy: async ({ name }, caller: string) => ({ name, description: caller }),
      updatePolicy: async ({ policy }) => policy ?? create(PolicySchema),
      createAttestor: async () => Promise.reject(new Error('secret')),
      getAttestor: async ({ name }) => Promise.reject(new StatusError('NOT_FOUND', `Requested entity was not found: ${name}`)),
      updateAttestor: async () => ({}),
      listAttestors: async () => ({ attestors: [{ name: 'projects/p/attestors/a' }] }),
      deleteAttestor: async () => ({}),
    }),
  ])
  const get = async (method: string, url: string): Promise<RestResponse> => await handler.handle({ method, url, body: new Uint8Array() }, 'alice')

  test('hands the context to the method and its answer to the caller', async () => {
    const response = await get('GET', '/v1/projects/p/policy')
    assert.deepEqual(JSON.parse(textOf(response)), { name: 'projects/p/policy', description: 'alice' })
  })

  test('§5.4: writes errors as Google does', async () => {
    const response = await get('GET', '/v1/projects/p/attestors/a')
    assert.equal(response.status, 404)
    assert.equal(response.headers['content-type'], 'application/json; charset=UTF-8')
    assert.deepEqual(errorOf(response), { code: 404, message: 'Requested entity was not found: projects/p/attestors/a', status: 'NOT_FOUND' })
  })

  test('keeps the text of an unknown error inside', async () => {
    const response = await get('POST', '/v1/projects/p/attestors?attestorId=a')
    assert.deepEqual(errorOf(response), { code: 500, message: 'Internal error', status: 'INTERNAL' })
    assert.deepEqual(response.error?.cause, new Error('secret'))
  })
})

test('no path, query or body makes the handler throw or answer an INTERNAL error', async () => {
  const { send } = makeRecorder()
  const piece = fc.constantFrom(
    'v1',
    'v1beta1',
    'projects',
    'p',
    'notes',
    'occurrences',
    ':batchCreate',
    '%2F',
    '%',
    '..',
    '',
    'policy',
    '?noteId=',
    '&updateMask=',
    '{',
    '"',
  )
  const url = fc.array(fc.oneof(piece, fc.string({ unit: 'binary', maxLength: 5 })), { maxLength: 9 }).map((parts) => `/${parts.join('/')}`)
  const body = fc.oneof(fc.string(), fc.json(), fc.constant('{"note":{}}'))
  await fc.assert(
    fc.asyncProperty(fc.constantFrom('GET', 'POST', 'PATCH', 'PUT', 'DELETE'), url, body, async (method, target, text) => {
      const { status, error } = await send(method, target, text)
      assert.ok(status < 500 || status === 501, String(error?.cause))
    }),
    { numRuns: 500 },
  )
})
