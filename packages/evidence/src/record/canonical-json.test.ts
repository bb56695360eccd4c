import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatCanonicalJson } from './canonical-json.ts'

test('RFC 8785 §3.2.2: the sample object', () => {
  const sample: unknown = JSON.parse(String.raw`{
    "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
    "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
    "literals": [null, true, false]
  }`)
  const expected = '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
  assert.equal(formatCanonicalJson(sample), expected)
})

test('RFC 8785 §3.2.3: members are sorted by UTF-16 units', () => {
  const sample = {
    '\u20ac': 'Euro Sign',
    '\r': 'Carriage Return',
    '\ufb33': 'Hebrew Letter Dalet With Dagesh',
    '1': 'One',
    '\ud83d\ude00': 'Emoji: Grinning Face',
    '\u0080': 'Control',
    '\u00f6': 'Latin Small Letter O With Diaeresis',
  }
  const values = Object.values(JSON.parse(formatCanonicalJson(Object.fromEntries(Object.entries(sample).reverse()))) as object)
  const expected = [
    'Carriage Return',
    'One',
    'Control',
    'Latin Small Letter O With Diaeresis',
    'Euro Sign',
    'Emoji: Grinning Face',
    'Hebrew Letter Dalet With Dagesh',
  ]
  // An engine puts index-like keys first when it parses; the text itself is what counts.
  assert.deepEqual(
    [...formatCanonicalJson(sample).matchAll(/:"([^"]*)"/g)].map((match) => match[1]),
    expected,
  )
  assert.equal(values.length, 7)
})

test('RFC 8785 appendix B: numbers', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['0000000000000000', '0'],
    ['8000000000000000', '0'],
    ['0000000000000001', '5e-324'],
    ['8000000000000001', '-5e-324'],
    ['7fefffffffffffff', '1.7976931348623157e+308'],
    ['ffefffffffffffff', '-1.7976931348623157e+308'],
    ['4340000000000000', '9007199254740992'],
    ['c340000000000000', '-9007199254740992'],
    ['4430000000000000', '295147905179352830000'],
    ['44b52d02c7e14af5', '9.999999999999997e+22'],
    ['44b52d02c7e14af6', '1e+23'],
    ['44b52d02c7e14af7', '1.0000000000000001e+23'],
    ['444b1ae4d6e2ef4e', '999999999999999700000'],
    ['444b1ae4d6e2ef4f', '999999999999999900000'],
    ['444b1ae4d6e2ef50', '1e+21'],
    ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
    ['3eb0c6f7a0b5ed8d', '0.000001'],
    ['41b3de4355555553', '333333333.3333332'],
    ['41b3de4355555557', '333333333.33333343'],
    ['becbf647612f3696', '-0.0000033333333333333333'],
    ['43143ff3c1cb0959', '1424953923781206.2'],
  ]
  for (const [bits, text] of rows) assert.equal(formatCanonicalJson(Buffer.from(bits, 'hex').readDoubleBE()), text)
  for (const bits of ['7fffffffffffffff', '7ff0000000000000'])
    assert.throws(() => formatCanonicalJson(Buffer.from(bits, 'hex').readDoubleBE()), TypeError)
})

test('formatCanonicalJson() gives one text whatever the order of members, and it says the same', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3, stringUnit: 'grapheme' })), (value) => {
      const text = formatCanonicalJson(value)
      assert.equal(formatCanonicalJson(Object.fromEntries(Object.entries(value).reverse())), text)
      assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)))
    }),
  )
})

test('formatCanonicalJson() refuses what JSON cannot say without loss', () => {
  const cycle: { self?: unknown } = {}
  cycle.self = cycle
  for (const value of [undefined, [undefined], 1n, () => 1, Symbol('x'), new Date(0), new Map()]) {
    assert.throws(() => formatCanonicalJson(value), TypeError)
  }
  assert.throws(() => formatCanonicalJson(cycle), RangeError)
  assert.equal(formatCanonicalJson({ a: undefined, b: 1 }), '{"b":1}')
})

test('formatCanonicalJson() writes a lone surrogate as its escape, so that hostile text can be recorded', () => {
  assert.equal(formatCanonicalJson({ '\udc00': 'a\ud800' }), '{"\\udc00":"a\\ud800"}')
})
