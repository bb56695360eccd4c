import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StatusError } from '@countersign/core/status.ts'
import { makeApi, pathOf, textIn, treesIn } from './api.ts'
import type { HttpAnswer, HttpRequest } from '@countersign/adapters/http-send.ts'

function apiOver(answers: readonly Partial<HttpAnswer & { readonly json: unknown }>[]) {
  const sent: HttpRequest[] = []
  const warned: string[] = []
  const api = makeApi(
    async (request) => {
      const { json, ...answer } = answers[sent.push(request) - 1] ?? {}
      return { status: 200, headers: {}, body: new TextEncoder().encode(JSON.stringify(json ?? {})), ...answer }
    },
    { url: 'http://s', token: 't' },
    (text) => void warned.push(text),
  )
  return { api, sent, warned }
}

test('a list is read page by page until there is no more, or enough', async () => {
  const pages = [{ json: { items: [{ a: 1 }, { a: 2 }], nextPageToken: 'n&1' } }, { json: { items: [{ a: 3 }] } }]
  const whole = apiOver(pages)
  assert.deepEqual(await whole.api.list('/x', 'items', { query: { filter: 'a="b"', none: undefined } }), [{ a: 1 }, { a: 2 }, { a: 3 }])
  assert.deepEqual(
    whole.sent.map(({ url }) => url),
    ['http://s/x?filter=a%3D%22b%22&pageSize=100', 'http://s/x?filter=a%3D%22b%22&pageSize=100&pageToken=n%261'],
  )
  const part = apiOver(pages)
  assert.deepEqual(await part.api.list('/x', 'items', { limit: 1 }), [{ a: 1 }])
  assert.deepEqual(
    part.sent.map(({ url }) => url),
    ['http://s/x?pageSize=1'],
  )
})

test('an error of the server becomes a StatusError, whatever stands in the body', async () => {
  for (const [answer, code] of [
    [{ status: 404, json: { error: { code: 404, message: 'gone', status: 'NOT_FOUND' } } }, 'NOT_FOUND'],
    [{ status: 503, body: new TextEncoder().encode('<html>') }, 'UNAVAILABLE'],
    [{ status: 200, body: new TextEncoder().encode('<html>') }, 'UNKNOWN'],
    [{ status: 404, body: new TextEncoder().encode('<html>') }, 'UNKNOWN'],
    [{ status: 404, body: new TextEncoder().encode('{"kind":"Status","code":404}') }, 'UNKNOWN'],
  ] as const) {
    await assert.rejects(apiOver([answer]).api.call('GET', '/x'), (error) => error instanceof StatusError && error.code === code)
  }
})

test('a warning is told once, and not at all where the command told it itself', async () => {
  const headers = { 'x-countersign-warning': '["first","second"]' }
  const { api, warned } = apiOver([{ headers }, { headers }])
  await api.call('PUT', '/x', { body: {}, toldWarnings: ['second, and more'] })
  await api.call('GET', '/x')
  assert.deepEqual(warned, ['first'])
})

test('pathOf() escapes what would leave its segment', () => {
  assert.equal(pathOf('/v1', 'projects/p/notes/a b?c#d', ':validate'), '/v1/projects/p/notes/a%20b%3Fc%23d:validate')
})

test('members of a hostile answer are read only where they are what they should be', () => {
  const tree = JSON.parse('{"a":{"b":"x","c":[1,{"d":2}]},"__proto__":{"e":"y"}}') as unknown
  assert.deepEqual([textIn(tree, 'a', 'b'), textIn(tree, 'a', 'c'), textIn(tree, 'e'), textIn(tree, 'toString')], ['x', '', '', ''])
  assert.deepEqual(treesIn(tree, 'a', 'c'), [{ d: 2 }])
})
