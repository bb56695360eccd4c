import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { formatPath } from './parsed.ts'
import { quote } from './quote.ts'

describe('quote()', () => {
  test('leaves nothing in a text that a terminal, log or page would act on', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => assert.doesNotMatch(quote(text), /[\p{Cc}\p{Zl}\p{Zp}\p{Surrogate}\u00ad\u{e0041}]/u)),
    )
    assert.equal(quote('a"\n\u001b\u009b\u202e'), '"a\\"\\n\\u001b\\u009b\\u202e"')
    assert.equal(quote('soft\u00adhyphen \u{e0041}tag \ud800'), '"soft\\u00adhyphen \\u{e0041}tag \\ud800"')
  })

  test('shows at most 200 characters', () => {
    assert.equal(quote('a'.repeat(201)), `"${'a'.repeat(200)}…"`)
  })
})

describe('formatPath()', () => {
  test('quotes keys that are no plain names, and hostile ones', () => {
    assert.equal(formatPath(['clusterAdmissionRules', 'a.b', 'requireAttestationsBy', 0]), 'clusterAdmissionRules["a.b"].requireAttestationsBy[0]')
    assert.equal(formatPath(['\u001b[2J']), '["\\u001b[2J"]')
    assert.equal(formatPath(['x'.repeat(1_000_000)]).length, 205)
  })
})
