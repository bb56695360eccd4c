import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { printable } from './terminal.ts'

test('printable() shows escape sequences, and marks that turn the direction of writing', () => {
  assert.equal(printable('a\x1b[31mb\r\u202ec\x9b\u200bd\n\te'), 'a\\x1b[31mb\\x0d\\u202ec\\x9b\\u200bd\n\te')
})

test('printable() lets no control character through but line feeds and tabs', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.doesNotMatch(printable(text), /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/)
    }),
  )
})
