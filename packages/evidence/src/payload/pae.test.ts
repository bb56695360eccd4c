import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodePae, SIMPLE_SIGNING_TYPE } from './pae.ts'

test('§3.5: encodePae() gives the example of the DSSE specification', () => {
  const encoded = encodePae('http://example.com/HelloWorld', new TextEncoder().encode('hello world'))
  assert.equal(Buffer.from(encoded).toString(), 'DSSEv1 29 http://example.com/HelloWorld 11 hello world')
})

test('encodePae() counts bytes, not characters', () => {
  assert.equal(Buffer.from(encodePae('é', new TextEncoder().encode('😀'))).toString(), 'DSSEv1 2 é 4 😀')
  assert.match(Buffer.from(encodePae(SIMPLE_SIGNING_TYPE, new Uint8Array())).toString(), /^DSSEv1 48 /)
})
