import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { admissionReview, IMAGE, pod } from '../testing/factories.ts'
import { planByKind, planItems, planMembers, type ReadingPlan, readSelected } from './selective-json.ts'
import { parseStrictJson } from './strict-json.ts'

const DEPTH = 20
const pair = planMembers({ name: 'WHOLE', image: planMembers({ reference: 'WHOLE' }) })
const PLAN = planMembers({ a: 'WHOLE', b: planItems(pair), c: planMembers({ a: 'WHOLE', c: planMembers({ b: 'WHOLE' }) }), '': 'WHOLE' })

/** What the plan leaves of a value, said the obvious way. */
function project(plan: ReadingPlan, value: unknown): unknown {
  if (Array.isArray(value)) return plan !== 'WHOLE' && 'items' in plan ? value.map((item) => project(plan.items, item)) : value
  if (typeof value !== 'object' || value === null || plan === 'WHOLE' || !('members' in plan)) return value
  const kept = [...plan.members.values()].filter(({ name }) => Object.hasOwn(value, name))
  return Object.fromEntries(kept.map((member) => [member.name, project(member.plan, (value as Record<string, unknown>)[member.name])]))
}

/** The one property: what it reads, the careful reader takes and reads the same. Gives whether it was sure. */
function check(bytes: Uint8Array, plan: ReadingPlan = PLAN): boolean {
  const selected = readSelected(bytes, plan, DEPTH)
  if (selected === undefined) return false
  const careful = parseStrictJson(bytes, DEPTH)
  assert.deepEqual(careful.ok && { value: project(plan, careful.value) }, selected)
  return true
}

const name = fc.oneof(fc.constantFrom('a', 'b', 'c', 'name', 'image', 'reference', '', '__proto__', 'toString', '10'), fc.string({ maxLength: 9 }))
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 6 },
    fc.oneof(fc.double(), fc.integer(), fc.boolean(), fc.constant(null), fc.string({ unit: 'binary', maxLength: 12 }), fc.string()),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(name, tie('value'), { maxKeys: 6 }),
  ),
}))
/** JSON as many writers would write it: blanks, escapes and number forms at random. */
const json = fc.tuple(value, fc.constantFrom(undefined, 1, '\t', '\r\n'), fc.infiniteStream(fc.nat(9))).map(([tree, indent, chances]) => {
  const text = JSON.stringify(tree, undefined, indent)
  return text.replace(/[/!-~](?=[^"]*")/g, (unit) =>
    unit !== '\\' && unit !== '"' && !/[{}[\],:\s\w.+-]/.test(unit) && chances.next().value === 0 ? escape(unit) : unit,
  )
})
const escape = (text: string) => Array.from(text, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')
const review = Buffer.from(
  JSON.stringify(admissionReview({ object: pod([IMAGE, 'x']), note: '{"\\\u0001é\u{1f600}', numbers: [-0.1e-7, 0, 1e21, true, {}] })),
)

describe('readSelected()', () => {
  it('is sure of JSON without rare things, and builds what the plan leaves of what JSON.parse builds', () => {
    const plain = fc.dictionary(
      name.filter((text) => !/[/\u0000-\u001f\u007f-\uffff]/.test(text)),
      value,
      { maxKeys: 6 },
    )
    fc.assert(
      fc.property(plain, (tree) =>
        assert.ok(check(Buffer.from(JSON.stringify(tree)), planMembers({ a: 'WHOLE', b: planMembers({}) })) || hasRare(tree)),
      ),
      { numRuns: 500 },
    )
  })

  it('never takes what the careful reader does not take: any JSON', () => {
    fc.assert(
      fc.property(json, (text) => void check(Buffer.from(text))),
      { numRuns: 2_000 },
    )
  })

  it('never takes what the careful reader does not take: any bytes', () => {
    const soup = fc.array(
      fc.constantFrom(...Array.from('{}[],:"\\/ \n-+.0123eEuatrufalsn\u0000\u001f\u007fé'), '"a":', '"b":', '"c":', '[{', '}]', '\\u0061', '\ud83d'),
      { maxLength: 40 },
    )
    fc.assert(
      fc.property(soup, (parts) => void check(Buffer.from(parts.join('')))),
      { numRuns: 20_000 },
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => void check(bytes)),
      { numRuns: 2_000 },
    )
  })

  it('never takes what the careful reader does not take: a review with bytes changed, put in, left out, or cut off', () => {
    const change = fc.tuple(fc.nat(review.length - 1), fc.nat(2), fc.oneof(fc.constantFrom(...Buffer.from('{}[],:"\\/ 0e-.u')), fc.nat(255)))
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        let bytes: Buffer = review
        for (const [at, skipped, byte] of changes) bytes = Buffer.concat([bytes.subarray(0, at), Buffer.of(byte), bytes.subarray(at + skipped)])
        check(bytes)
      }),
      { numRuns: 5_000 },
    )
    for (let length = 0; length < review.length; length++) assert.equal(check(review.subarray(0, length)), false)
    assert.equal(check(review, 'WHOLE'), true)
  })

  it('is unsure of every doubled member, wherever it stands and however it is written', () => {
    fc.assert(
      fc.property(name, json, json, fc.nat({ max: 5 }), fc.constantFrom('in', 'a', 'c'), (doubled, one, other, depth, around) => {
        for (const again of [JSON.stringify(doubled), `"${escape(doubled)}"`]) {
          const text = `{${JSON.stringify(doubled)} : ${one},"other":[1,":"],${again}:${other}}`
          const bytes = Buffer.from(`${`{"${around}":[`.repeat(depth)}${text}${']}'.repeat(depth)}`)
          assert.equal(readSelected(bytes, PLAN, DEPTH), undefined)
          assert.equal(readSelected(bytes, 'WHOLE', DEPTH), undefined)
        }
      }),
    )
    assert.equal(check(Buffer.from('{"x":{"/":1,"\\/":2}}')), false)
  })

  it('bounds depth as the careful reader does', () => {
    for (const [open, shut] of [
      ['[', ']'],
      ['{"c":', '}'],
      ['{"b":[', ']}'],
      ['{"x":[', ']}'],
    ] as const) {
      for (const levels of [1, 9, 10, 11, 19, 20, 21, 1_000, 200_000]) {
        const bytes = Buffer.from(`${open.repeat(levels)}0${shut.repeat(levels)}`)
        assert.equal(check(bytes), parseStrictJson(bytes, DEPTH).ok, `${open} ${levels}`)
      }
    }
  })

  it('leaves an object with very many members to the careful reader', () => {
    const many = (count: number) =>
      Buffer.from(JSON.stringify({ x: Object.fromEntries(Array.from({ length: count }, (_, index) => [`n${index}`, 1])) }))
    assert.deepEqual([check(many(128)), check(many(129))], [true, false])
  })

  it('reads bodies larger than its scratch memory, and one after another', () => {
    for (const length of [10, 65_530, 65_531, 65_532, 65_533, 65_536, 300_000]) {
      assert.ok(check(Buffer.from(JSON.stringify({ a: 'x'.repeat(length) }))))
      assert.equal(check(Buffer.from(`{"a":"${'x'.repeat(length)}`)), false)
    }
  })

  it('plans an object by its kind where that stands first, and builds it whole where it does not', () => {
    const plan = planByKind((apiVersion, kind) => (`${apiVersion} ${kind}` === 'v1 Pod' ? planMembers({ spec: 'WHOLE' }) : 'WHOLE'))
    const read = (text: string) => readSelected(Buffer.from(text), plan, DEPTH)?.value
    const whole = '{"spec":1,"kind":"Pod","apiVersion":"v1","x":[{}]}'
    assert.deepEqual(read('{"kind":"Pod","apiVersion":"v1","x":[{}],"spec":1}'), { kind: 'Pod', apiVersion: 'v1', spec: 1 })
    assert.deepEqual(read('{"apiVersion":"v1","kind":"Pod","x":2}'), { kind: 'Pod', apiVersion: 'v1' })
    for (const text of [whole, whole.replace('Pod', 'Tap'), '{"kind":"Pod","apiVersion":1,"x":2}', '{"kind":null,"x":2}', '{"kind":"Pod"}', '{}'])
      assert.deepEqual(read(text), JSON.parse(text))
    for (const text of ['{"kind":"Pod","apiVersion":"v1","kind":"Pod"}', '{"kind":"Pod","apiVersion":"v1","x":1,"x":1}', '{"x":1,"kind":"A","x":2}'])
      assert.equal(read(text), undefined)
  })
})

/** Names that have an escape, anywhere. */
function hasRare(tree: unknown): boolean {
  return /"(?:[^"\\]|\\.)*\\(?:[/u])(?:[^"\\]|\\.)*"\s*:/.test(JSON.stringify(tree))
}
