import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseStrictJson } from './strict-json.ts'

const parse = (text: string) => parseStrictJson(new TextEncoder().encode(text))

test('parseStrictJson() gives what JSON.parse gives, for every JSON text', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), fc.constantFrom(undefined, 1, '\t'), (value, space) => {
      const text = JSON.stringify(value, null, space)
      assert.deepEqual(parse(text), { ok: true, value: JSON.parse(text) })
    }),
  )
})

test('parseStrictJson() accepts no text that JSON.parse refuses', () => {
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

test('parseStrictJson() names the place of the first fault', () => {
  const cases: readonly (readonly [string, number, number, string])[] = [
    ['', 1, 1, 'value, object or array expected'],
    ['{\n  "a": 1,\n  "a": 2\n}', 3, 3, 'the key "a" stands twice'],
    ['{"a" 1}', 1, 6, "expected ':'"],
    ['[1 2]', 1, 4, "expected ',' or ']'"],
    ['{"a":1,}', 1, 8, 'expected a key in double quotes'],
    ['1 2', 1, 3, 'expected the end of the text'],
    ['"\u0001"', 1, 1, 'the string is not well-formed'],
  ]
  for (const [text, line, column, message] of cases) assert.deepEqual(parse(text), { ok: false, fault: { line, column, message } }, text)
})

test('parseStrictJson() keeps __proto__ a key', () => {
  const parsed = parse('{"__proto__":{"x":1}}')
  assert.ok(parsed.ok && Object.hasOwn(parsed.value as object, '__proto__'))
})

test('parseStrictJson() refuses what is nested deeper than 32', () => {
  assert.ok(parse(`${'['.repeat(32)}${']'.repeat(32)}`).ok)
  assert.ok(!parse(`${'['.repeat(34)}${']'.repeat(34)}`).ok)
})
