import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { checkSignature } from '../attestation/check-signature.ts'
import { DIGEST, PAYLOAD } from '../testing/attestations.ts'
import { makePgpPair } from '../testing/pgp-keys.ts'
import type { SignatureVerdict } from '../verdict.ts'
import type { LoadedPgpKey } from './pgp-key.ts'
import { loadPgpKey } from './pgp-key.ts'

let key: LoadedPgpKey
let clear: string
let check: (text: string, payload?: Uint8Array) => Promise<SignatureVerdict>

before(async () => {
  const pair = await makePgpPair()
  const loaded = await loadPgpKey(pair.key)
  assert.ok(loaded.kind === 'PGP')
  key = loaded
  clear = Buffer.from(await pair.sign(PAYLOAD, 'CLEAR_SIGNED')).toString()
  check = async (text, payload = PAYLOAD) => checkSignature(payload, Buffer.from(text), key)
})

test('a clear-signed payload verifies, with LF and CRLF, with the payload beside it and without', async () => {
  for (const text of [clear, clear.replaceAll('\n', '\r\n')]) {
    for (const payload of [PAYLOAD, new Uint8Array()]) {
      const verdict = await check(text, payload)
      assert.equal(verdict.ok && verdict.fact.digest, DIGEST)
    }
  }
})

test('a clear-signed text that is not in canonical form is refused', async () => {
  const rows: readonly (readonly [string, (text: string) => string])[] = [
    ['text before', (text) => `{}\n${text}`],
    ['a blank line before', (text) => `\n${text}`],
    ['text behind', (text) => `${text}{}\n`],
    ['a second message behind', (text) => `${text}${text}`],
    ['another header', (text) => text.replace('\nHash:', '\nComment: {}\nHash:')],
    ['a header that smuggles text', (text) => text.replace('\n\n', '\n{"critical": {}}\n\n')],
    ['two Hash headers in one odd line', (text) => text.replace('Hash: ', 'Hash : ')],
    ['an unknown hash', (text) => text.replace(/Hash: \S+/, 'Hash: MD5')],
    ['blanks at the end of a line', (text) => text.replace('"critical": {', '"critical": { ')],
    ['a tab at the end of a line', (text) => text.replace('"critical": {', '"critical": {\t')],
    ['a line that begins with a dash', (text) => text.replace('  "critical": {', '-  "critical": {')],
    ['a carriage return inside', (text) => text.replace('"critical": {', '"critical":\r {')],
    ['a form feed inside', (text) => text.replace('"critical": {', '"critical":\f {')],
    ['no signature', (text) => text.slice(0, text.indexOf('-----BEGIN PGP SIGNATURE'))],
  ]
  for (const [name, change] of rows) {
    const changed = change(clear)
    assert.notEqual(changed, clear, name)
    assert.equal((await check(changed, new Uint8Array())).ok, false, name)
  }
})

test('an escaped dash is the line without it', async () => {
  const escaped = clear.replace('\n{\n', '\n- {\n')
  const verdict = await check(escaped)
  assert.equal(verdict.ok && verdict.fact.digest, DIGEST)
})

test('a clear-signed text beside another payload is refused', async () => {
  const verdict = await check(clear, Buffer.concat([PAYLOAD, Buffer.from('\n')]))
  assert.equal(!verdict.ok && verdict.cause, 'PAYLOAD_DIFFERS')
})
