import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { compileRegex } from './pattern.ts'

function matches(source: string, text: string): boolean {
  const pattern = compileRegex(source)
  assert.ok(typeof pattern === 'function', String(pattern))
  return pattern(text)
}

describe('compileRegex()', () => {
  test('agrees with JavaScript on the syntax that both have', () => {
    const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\d', '\\w', '(?:ab|c)', '(a|)', '^', '$', '\\.', '[a-c]', '')
    const repeat = fc.constantFrom('', '*', '+', '?', '{2}', '{1,}', '{0,2}', '*?')
    const piece = fc.tuple(atom, repeat).map(([one, many]) => (['^', '$', ''].includes(one) ? one : one + many))
    const source = fc.array(piece, { maxLength: 5 }).map((pieces) => pieces.join(''))
    const either = fc.array(source, { minLength: 1, maxLength: 3 }).map((sources) => sources.join('|'))
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '.', '1', '\n'), maxLength: 8 })
    fc.assert(
      fc.property(either, text, (pattern, subject) => {
        assert.equal(matches(pattern, subject), new RegExp(pattern).test(subject))
      }),
      { numRuns: 2000 },
    )
  })

  test('(?i) passes over case', () => {
    assert.ok(matches('(?i)permission_[d]ENIED', 'PERMISSION_DENIED'))
    assert.ok(!matches('permission', 'PERMISSION'))
  })

  test('patterns that make others go back for ever end', () => {
    assert.ok(!matches('^(a+)+$', `${'a'.repeat(20_000)}b`))
    assert.ok(!matches('(x*)*(x*)*y', 'x'.repeat(20_000)))
    assert.ok(matches('((((){1000}){1000}){1000}){1000}', ''))
  })

  test('says what is wrong', () => {
    for (const source of ['(', ')', '[a', 'a{2,1}', '*a', '\\1', '(?<n>a)', '\\b', '^*', '[z-a]', 'a'.repeat(1001), '\\', '(a{500}){500}']) {
      assert.equal(typeof compileRegex(source), 'string', source)
    }
  })
})
