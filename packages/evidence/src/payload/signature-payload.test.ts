import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { sha256Hex } from '../record/hash.ts'
import { DIGEST, PAYLOAD, REPOSITORY } from '../testing/attestations.ts'
import { formatSignaturePayload, MAX_PAYLOAD_BYTES, parseSignaturePayload } from './signature-payload.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const payloadWith = (members: object): Uint8Array => bytes(JSON.stringify({ critical: { image: { 'docker-manifest-digest': DIGEST } }, ...members }))

test('§3.1: formatSignaturePayload() gives the example of 303 bytes, byte for byte', () => {
  assert.equal(PAYLOAD.length, 303)
  assert.equal(sha256Hex(PAYLOAD), '8ca6bffb7cd34436f02834817a3e96c760db0202a20faa1e8338a34cd1dbe541')
})

test('§3.1: formatSignaturePayload() escapes everything outside printable ASCII as Python does', () => {
  const text = Buffer.from(formatSignaturePayload({ repository: 'r.example/é/😀/\u007f/"\\<&>', digest: DIGEST })).toString('latin1')
  assert.match(text, /"docker-reference": "r\.example\/\\u00e9\/\\ud83d\\ude00\/\\u007f\/\\"\\\\<&>"/)
})

test('formatSignaturePayload() puts optional members behind critical, sorted', () => {
  const text = Buffer.from(
    formatSignaturePayload({ repository: 'r.example/a', digest: DIGEST, optional: { note: 'x', expiry: '2030-01-01T00:00:00Z' } }),
  ).toString()
  assert.ok(text.endsWith('  },\n  "optional": {\n    "expiry": "2030-01-01T00:00:00Z",\n    "note": "x"\n  }\n}\n'))
})

test('§3.2 parseSignaturePayload() reads what formatSignaturePayload() wrote', () => {
  assert.deepEqual(parseSignaturePayload(PAYLOAD), {
    ok: true,
    digest: DIGEST,
    repository: REPOSITORY,
    type: 'Google cloud binauthz container signature',
  })
})

test('§3.2 row type: any type, or none, is accepted', () => {
  for (const type of ['atomic container signature', 'cosign container image signature', 'Google Cloud BinAuthz container signature']) {
    const parsed = parseSignaturePayload(payloadWith({ critical: { type, image: { 'docker-manifest-digest': DIGEST } } }))
    assert.deepEqual(parsed, { ok: true, digest: DIGEST, type })
  }
  assert.deepEqual(parseSignaturePayload(payloadWith({})), { ok: true, digest: DIGEST })
})

test('§3.2 row whitespace and key order: any JSON is fine', () => {
  const dense = `{"critical":{"type":"t","image":{"docker-manifest-digest":"${DIGEST}"},"identity":{"docker-reference":"r.example/a"}}}`
  const wide = ` {\r\n\t"critical" : { "image":{ "docker-manifest-digest" :"${DIGEST}"},"identity": {"docker-reference":"r.example/a"}, "type":"t" } }\n\n`
  for (const text of [dense, wide])
    assert.deepEqual(parseSignaturePayload(bytes(text)), { ok: true, digest: DIGEST, repository: 'r.example/a', type: 't' })
})

test('§3.2 row extra members: they are tolerated, at every depth', () => {
  const image = { 'docker-manifest-digest': DIGEST, other: 1 }
  const parsed = parseSignaturePayload(payloadWith({ critical: { image, more: {} }, optional: { creator: 'x', timestamp: 1 }, extra: [] }))
  assert.deepEqual(parsed, { ok: true, digest: DIGEST })
})

test('§3.2 row JSON well-formed: the original text tells line and column', () => {
  assert.deepEqual(parseSignaturePayload(bytes('hello')), {
    ok: false,
    cause: 'PAYLOAD_NOT_JSON',
    detail: 'Signature verified, but unexpected message was signed: * Line 1, Column 1\n  Syntax error: value, object or array expected.\n\n',
  })
})

test('§3.2 row docker-manifest-digest: anything but one well-formed digest is malformed', () => {
  const digests = [undefined, null, 1, '', 'sha256:123', DIGEST.toUpperCase(), `${DIGEST}0`, ` ${DIGEST}`, `sha512:${'0'.repeat(128)}`, [DIGEST]]
  for (const digest of digests) {
    const parsed = parseSignaturePayload(payloadWith({ critical: { image: { 'docker-manifest-digest': digest } } }))
    assert.equal(!parsed.ok && parsed.cause, 'PAYLOAD_MALFORMED', String(digest))
  }
  for (const text of ['null', '[]', '"x"', '{}', '{"critical":[]}', '{"critical":{"image":null}}', '{"__proto__":{"critical":{}}}']) {
    const parsed = parseSignaturePayload(bytes(text))
    assert.equal(!parsed.ok && parsed.cause, 'PAYLOAD_MALFORMED', text)
  }
})

test('parseSignaturePayload() refuses a key that stands twice, however it is escaped', () => {
  const twice = `{"critical":{"image":{"docker-manifest-digest":"${DIGEST}","docker-manifest-diges\\u0074":"sha256:${'0'.repeat(64)}"}}}`
  const parsed = parseSignaturePayload(bytes(twice))
  assert.equal(!parsed.ok && parsed.cause, 'PAYLOAD_NOT_JSON')
})

test('parseSignaturePayload() refuses what is not strict UTF-8, has a byte order mark, or is too large', () => {
  const cause = (data: Uint8Array): unknown => {
    const parsed = parseSignaturePayload(data)
    return !parsed.ok && parsed.cause
  }
  assert.equal(cause(Uint8Array.of(0x7b, 0xff, 0x7d)), 'PAYLOAD_NOT_JSON')
  assert.equal(cause(bytes('\ufeff{}')), 'PAYLOAD_NOT_JSON')
  assert.equal(cause(new Uint8Array(MAX_PAYLOAD_BYTES + 1)), 'TOO_LARGE')
  assert.equal(cause(bytes('['.repeat(60_000))), 'PAYLOAD_NOT_JSON')
})

test('parseSignaturePayload() reads a signed expiry, and refuses one that it cannot read', () => {
  const parsed = parseSignaturePayload(payloadWith({ optional: { expiry: '2030-01-31T12:00:00+01:00' } }))
  assert.equal(parsed.ok && parsed.expiresAt, Date.parse('2030-01-31T11:00:00Z'))
  for (const expiry of ['', 'tomorrow', '2030-02-30T00:00:00Z', 1_900_000_000, null, {}]) {
    const refused = parseSignaturePayload(payloadWith({ optional: { expiry } }))
    assert.equal(!refused.ok && refused.cause, 'PAYLOAD_MALFORMED', JSON.stringify(expiry))
  }
})

test('parseSignaturePayload() never throws, and reads back every payload', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (data) => typeof parseSignaturePayload(data).ok === 'boolean'))
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (repository) => {
      const parsed = parseSignaturePayload(formatSignaturePayload({ repository, digest: DIGEST }))
      assert.equal(parsed.ok && parsed.repository, repository)
    }),
  )
})
