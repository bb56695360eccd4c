import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readJsonText } from './json-text.ts'

const parse = (text: string, quotes: 'DOUBLE' | 'EITHER' = 'DOUBLE') => readJsonText(text, { maxDepth: 32, quotes })

test('readJsonText() gives what JSON.parse gives, for every JSON text', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), fc.constantFrom(undefined, 1, '\t'), (value, space) => {
      const text = JSON.stringify(value, null, space)
      assert.deepEqual(parse(text), { ok: true, value: JSON.parse(text) })
    }),
  )
})

test('readJsonText() accepts no text that JSON.parse refuses', () => {
  const pieces = fc.array(
    fc.constantFrom('{', '}', '[', ']', ',', ':', '"a"', '"b"', '1', '-', '0', '.5', 'e1', 'true', 'nul', ' ', '\\', '"', '\n'),
    { maxLength: 12 },
  )
  fc.assert(
    fc.property(pieces, (parts) => {
      const text = parts.join('')
      if (parse(text).ok) JSON.parse(text)
    }),
    { numRuns: 2000 },
  )
})

test('readJsonText() names the place of the first fault', () => {
  const cases: readonly (readonly [string, number, number, string])[] = [
    ['', 1, 1, 'value, object or array expected'],
    ['{\n  "a": 1,\n  "a": 2\n}', 3, 3, 'the member "a" stands twice in one object'],
    ['{"a" 1}', 1, 6, "expected ':'"],
    ['[1 2]', 1, 4, "expected ',' or ']'"],
    ['{"a":1,}', 1, 8, 'expected a member name in double quotes'],
    ['1 2', 1, 3, 'expected the end of the text'],
    ['"\\ud800"', 1, 1, 'the text holds half of a surrogate pair'],
    ['"\u0001"', 1, 1, 'the text is not well-formed'],
  ]
  for (const [text, line, column, message] of cases) {
    const read = parse(text)
    assert.ok(!read.ok, text)
    assert.deepEqual([read.fault.line, read.fault.column, read.fault.message], [line, column, message], text)
  }
})

test('readJsonText() keeps __proto__ a member', () => {
  const parsed = parse('{"__proto__":{"x":1}}')
  assert.ok(parsed.ok && Object.hasOwn(parsed.value as object, '__proto__'))
})

test('readJsonText() refuses what is nested deeper than it may be', () => {
  assert.ok(parse(`${'['.repeat(32)}${']'.repeat(32)}`).ok)
  assert.ok(!parse(`${'['.repeat(34)}${']'.repeat(34)}`).ok)
})

test('readJsonText() reads texts in single quotes where they are allowed, and escapes in them', () => {
  assert.deepEqual(parse(`{'a': 'it\\'s "x"'}`, 'EITHER'), { ok: true, value: { a: `it's "x"` } })
  assert.ok(!parse(`{'a': 1}`).ok)
})
