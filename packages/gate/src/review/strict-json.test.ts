import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { parseStrictJson } from './strict-json.ts'

const parse = (text: string | Uint8Array) => parseStrictJson(typeof text === 'string' ? Buffer.from(text) : text, 50)

describe('parseStrictJson()', () => {
  it('gives what JSON.parse gives, for any JSON', () => {
    fc.assert(fc.property(fc.json(), (text) => assert.deepEqual(parse(text), { ok: true, value: JSON.parse(text) })))
  })

  it('refuses any object with the same member twice, wherever it stands and however it is written', () => {
    const escaped = (name: string) => Array.from(name, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii' }), fc.json(), fc.json(), fc.nat({ max: 5 }), (name, one, other, depth) => {
        const doubled = `{${JSON.stringify(name)} : ${one},"other":[1,":"],"${escaped(name)}":${other}}`
        assert.equal(parse(`${'{"in":['.repeat(depth)}${doubled}${']}'.repeat(depth)}`).ok, false)
      }),
    )
  })

  for (const [name, text] of [
    ['nothing', ''],
    ['a byte order mark', '\ufeff{}'],
    ['a truncated text', '{"a":'],
    ['two values', '{} {}'],
    ['single quotes', "{'a':1}"],
    ['a comment', '{/*"a":1*/}'],
    ['a trailing comma', '{"a":1,}'],
    ['NaN', '{"a":NaN}'],
    ['a raw control character', '{"a":"\u0001"}'],
    ['a thousand levels', '['.repeat(1000) + ']'.repeat(1000)],
    ['a million open brackets', '['.repeat(1_000_000)],
    ['a member twice', '{"a":1,"a":2}'],
    ['__proto__ twice', '{"__proto__":1,"__proto__":2}'],
    ['an unterminated text', '{"a":"\\'],
  ] as const) {
    it(`refuses ${name}`, () => assert.equal(parse(text).ok, false))
  }

  it('refuses bytes that are no UTF-8', () => {
    for (const bytes of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80]]) {
      assert.equal(parse(Buffer.concat([Buffer.from('{"a":"'), Buffer.from(bytes), Buffer.from('"}')])).ok, false)
    }
  })
})
