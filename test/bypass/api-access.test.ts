import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { DENY_ALL, must, requiring, type Session, startSession } from './session.ts'

/*
 * Class C16, tenants: what a token for one project can do to another whose name begins alike, and every trick to make the
 * API take one name for another.
 */
let session: Session
const tokens = { viewer: '', admin: '', attestor: '' }

before(async () => {
  session = await startSession()
  const { api } = session
  for (const id of ['p12', 'p2']) await must(api('POST', '/countersign/v1/projects', { id }))
  for (const id of ['p1', 'p12']) {
    for (const note of ['a', 'b', 'c']) {
      await must(api('POST', `/v1/projects/${id}/notes?noteId=${note}`, { attestation: { hint: { humanReadableName: note } } }))
    }
  }
  const make = async (token: object) => (await must(api('POST', '/countersign/v1/tokens', { displayName: 'x', project: 'p1', ...token }))).json.secret
  tokens.viewer = await make({ role: 'VIEWER' })
  tokens.admin = await make({ role: 'ADMIN' })
  tokens.attestor = await make({ role: 'ATTESTOR', noteNames: ['projects/p1/notes/a'] })
})

const status = async (by: keyof typeof tokens, method: string, path: string, body?: unknown) =>
  (await session.api(method, path, body, tokens[by])).status

test('a token for p1 reads nothing of p12, of p2 and of the server as a whole', async () => {
  const below = (version: string, kinds: readonly string[]) => kinds.flatMap((kind) => ['p12', 'p2'].map((id) => `/${version}/projects/${id}${kind}`))
  const paths = [
    ...below('v1', ['/policy', '/attestors', '/attestors/x', '/notes', '/notes/a', '/notes/a/occurrences', '/occurrences']),
    ...below('v1beta1', ['/policy', '/attestors', '/notes', '/occurrences']),
    ...below('countersign/v1', ['', '/clusters', '/auditLog', '/exemptions']),
    '/countersign/v1/writers',
  ]
  for (const path of paths) assert.equal(await status('admin', 'GET', path), 403, path)
  const { json } = await session.api('GET', '/countersign/v1/projects', undefined, tokens.admin)
  assert.deepEqual(
    json.projects.map(({ id }: { readonly id: string }) => id),
    ['p1'],
  )
})

test('a token for p1 writes nothing elsewhere, makes no stronger token, and uses nothing of others', async () => {
  const note = { attestation: { hint: { humanReadableName: 'x' } } }
  const occurrence = { noteName: 'projects/p12/notes/a', resourceUri: 'x', attestation: { serializedPayload: 'aaaa' } }
  const refused = [
    ['PUT', '/v1/projects/p12/policy', DENY_ALL],
    ['POST', '/v1/projects/p12/notes?noteId=x', note],
    ['DELETE', '/v1/projects/p12/notes/a'],
    ['DELETE', '/countersign/v1/projects/p12'],
    ['POST', '/countersign/v1/projects', { id: 'p3' }],
    ['POST', '/countersign/v1/tokens', { displayName: 'x', role: 'ADMIN' }],
    ['POST', '/countersign/v1/tokens', { displayName: 'x', role: 'ADMIN', project: 'p12' }],
    ['POST', '/countersign/v1/tokens', { displayName: 'x', role: 'ATTESTOR', project: 'p1', noteNames: ['projects/p12/notes/a'] }],
    ['POST', '/v1/projects/p1/occurrences', occurrence],
    ['POST', '/v1/projects/p1/occurrences:batchCreate', { occurrences: [occurrence] }],
    ['POST', '/v1/projects/p1/attestors?attestorId=x', { userOwnedGrafeasNote: { noteReference: 'projects/p12/notes/a' } }],
  ] as const
  for (const [method, path, body] of refused) assert.equal(await status('admin', method, path, body), 403, `${method} ${path}`)
  assert.equal(await status('admin', 'PUT', '/v1/projects/p1/policy', requiring('projects/p12/attestors/x')), 400)
  for (const [method, path, body] of refused) assert.equal(await status('viewer', method, path.replace('p12', 'p1'), body), 403, `viewer ${path}`)
})

test('an attestor attaches to the note that its token names and to no other', async () => {
  const signatures = [{ publicKeyId: 'x', signature: 'aaaa' }]
  const occurrence = (note: string) => ({ noteName: note, resourceUri: 'x', attestation: { serializedPayload: 'aaaa', signatures } })
  assert.equal(await status('attestor', 'POST', '/v1/projects/p1/occurrences', occurrence('projects/p1/notes/b')), 403)
  assert.equal(await status('attestor', 'POST', '/v1/projects/p12/occurrences', occurrence('projects/p1/notes/a')), 403)
  assert.equal(await status('attestor', 'POST', '/v1/projects/p1/occurrences', occurrence('projects/p1/notes/a')), 200)
})

test('no spelling of a path reaches another project', async () => {
  const spellings = [
    'p1%2F..%2Fp12',
    'p1/../p12',
    'p1/%2e%2e/p12',
    'p1;x',
    'P1',
    'p1%00',
    'p1%0a',
    '-',
    '*',
    'p1%20',
    '/p1',
    'p1//',
    'p1%EF%BC%8Fp12',
    '%C0%AE',
  ]
  for (const id of spellings) {
    const given = await status('viewer', 'GET', `/v1/projects/${id}/policy`)
    assert.ok([400, 404].includes(given), `${id}: ${given}`)
  }
  assert.equal(await status('viewer', 'GET', '/v1/projects/p1/policy?name=projects/p12/policy'), 400)
  assert.equal(await status('viewer', 'GET', '/v1/projects/p1/notes?parent=projects/p12'), 400)
  assert.equal(await status('viewer', 'POST', '/v1/projects/p1/policy?$httpMethod=PUT', DENY_ALL), 501)
})

test('a page token works for its caller, list, parent and filter alone', async () => {
  const { nextPageToken: token } = (await must(session.api('GET', '/v1/projects/p1/notes?pageSize=1', undefined, tokens.admin))).json
  const page = (path: string) => `${path}?pageSize=1&pageToken=${token}`
  assert.equal(await status('admin', 'GET', page('/v1/projects/p1/notes')), 200)
  assert.equal(await status('viewer', 'GET', page('/v1/projects/p1/notes')), 400)
  assert.equal(await status('admin', 'GET', page('/v1/projects/p1/occurrences')), 400)
  assert.equal(await status('admin', 'GET', `${page('/v1/projects/p1/notes')}&filter=kind%3D%22ATTESTATION%22`), 400)
  assert.equal((await session.api('GET', page('/v1/projects/p12/notes'))).status, 400)
})

test('filters, masks and members cannot reach beyond what they are for', async () => {
  const filter = (text: string) => status('viewer', 'GET', `/v1/projects/p1/occurrences?filter=${encodeURIComponent(text)}`)
  assert.equal(await filter('('.repeat(2_000)), 400)
  assert.equal(await filter(`${'NOT '.repeat(1_000)}kind="X"`), 400)
  assert.equal(await filter(`kind="A"${' OR kind="A"'.repeat(400)}`), 200)
  assert.equal(await filter(`resourceUrl:"${'*'.repeat(1_000)}x"`), 200)
  for (const text of ['__proto__="x"', 'constructor.name="Object"', 'projectId="p12"', 'resourceUrl="%"']) assert.equal(await filter(text), 200, text)
  for (const mask of ['__proto__', 'name,kind', 'createTime']) {
    assert.equal(await status('admin', 'PATCH', `/v1/projects/p1/notes/a?updateMask=${mask}`, { shortDescription: 'x' }), 400, mask)
  }
  const policy = JSON.parse(`{"__proto__":{},"defaultAdmissionRule":${JSON.stringify(DENY_ALL.defaultAdmissionRule)}}`)
  assert.equal(await status('admin', 'PUT', '/v1/projects/p1/policy', policy), 400)
})

test('who has no token, a wrong one, or two, is nobody', async () => {
  const { api } = session
  for (const token of [
    '',
    'x',
    `cs_000000000000_${'a'.repeat(43)}`,
    `${tokens.viewer}x`,
    tokens.viewer.toUpperCase(),
    `${tokens.viewer} ${tokens.admin}`,
  ]) {
    assert.equal((await api('GET', '/v1/projects/p1/policy', undefined, token)).status, 401, token)
  }
})
