import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Parsed } from '@countersign/core/parsed.ts'
import fc from 'fast-check'
import type { YamlDocument } from './yaml.ts'
import { formatYaml, parseYamlDocuments } from './yaml.ts'

function treesOf(parsed: Parsed<readonly YamlDocument[]>): readonly unknown[] {
  assert.ok(parsed.ok, JSON.stringify(parsed))
  return parsed.value.map(({ tree }) => tree)
}

describe('parseYamlDocuments()', () => {
  test('reads many documents and leaves out empty ones at the end', () => {
    assert.deepEqual(treesOf(parseYamlDocuments('a: 1\n---\nb: [x]\n---\n# nothing\n')), [{ a: 1 }, { b: ['x'] }])
    assert.deepEqual(treesOf(parseYamlDocuments('')), [])
  })

  test('reads JSON, tabs included', () => {
    assert.deepEqual(treesOf(parseYamlDocuments('{\n\t"a": {\n\t\t"b": "c"\n\t}\n}\n')), [{ a: { b: 'c' } }])
  })

  test('keeps words that YAML 1.1 takes for booleans, and keys that objects have already', () => {
    assert.deepEqual(treesOf(parseYamlDocuments('a: no\non: y\n')), [{ a: 'no', on: 'y' }])
    const [tree] = treesOf(parseYamlDocuments('__proto__: {image: x}\n'))
    assert.deepEqual(Object.keys(tree as object), ['__proto__'])
  })

  test('merges merge keys, so that no image hides behind one', () => {
    assert.deepEqual(treesOf(parseYamlDocuments('base: &b {image: x}\nc: {<<: *b, name: y}\n')), [
      { base: { image: 'x' }, c: { image: 'x', name: 'y' } },
    ])
  })

  test('finds the place of a path, or of what is nearest to it', () => {
    const parsed = parseYamlDocuments('a:\n  - b: 1\n    c: 2\n')
    assert.ok(parsed.ok)
    const [document] = parsed.value
    assert.deepEqual(document?.positionOf(['a', 0, 'c']), { line: 3, column: 5 })
    assert.deepEqual(document?.positionOf(['a', 0, 'missing']), { line: 2, column: 5 })
    assert.deepEqual(document?.positionOf(['a', 9]), { line: 1, column: 1 })
  })

  const bomb = 'a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c]\n'
  const refusals: readonly [name: string, text: string, line: number | undefined, message: RegExp][] = [
    ['a key twice', 'a: 1\nb: 2\na: 3\n', 3, /stands twice/],
    ['a key twice in JSON', '{"a": 1,\n"a": 2}', 2, /stands twice/],
    ['a key that is a list', 'a: 1\n? [x]\n: 2\n', 2, /not a text/],
    ['an alias bomb', bomb, 1, /Excessive alias count/],
    ['an alias to nothing', 'a: *b\n', 1, /Unresolved alias/],
    ['endless nesting', '['.repeat(20_000), undefined, /too deep/],
    ['a text too long', ' '.repeat(4 * 1024 * 1024 + 1), undefined, /expected at most/],
    ['too many documents', 'a: 1\n---\n'.repeat(1100), undefined, /documents, expected at most 1000/],
  ]
  for (const [name, text, line, message] of refusals) {
    test(`refuses ${name}`, () => {
      const parsed = parseYamlDocuments(text)
      assert.ok(!parsed.ok)
      assert.equal(parsed.issues[0]?.line, line)
      assert.match(parsed.issues[0]?.message ?? '', message)
    })
  }

  test('refuses every alias where asked to', () => {
    assert.equal(parseYamlDocuments('a: &x 1\nb: *x\n', { aliases: 'refuse' }).ok, false)
  })
})

describe('formatYaml()', () => {
  test('§1.8: sorts keys, does not indent lists, quotes etags and times, keeps key blocks as they are', () => {
    const tree = {
      updateTime: '2024-05-12T05:12:08.150271Z',
      etag: '"Gt8iumzkM0IC"',
      keys: [{ id: 'x', asciiArmoredPgpPublicKey: 'A\nB\n' }],
      empty: [],
      no: 'no',
    }
    assert.equal(
      formatYaml(tree),
      `empty: []\netag: '"Gt8iumzkM0IC"'\nkeys:\n- asciiArmoredPgpPublicKey: |\n    A\n    B\n  id: x\n'no': 'no'\nupdateTime: '2024-05-12T05:12:08.150271Z'\n`,
    )
  })

  test('what was written is read back, whatever it is', () => {
    const leaf = fc.oneof(
      fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed()),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
    )
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 3 },
        leaf,
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(
          fc.string({ maxLength: 5 }).filter((key) => key !== '<<'),
          tie('tree'),
          { maxKeys: 3 },
        ),
      ),
    }))
    fc.assert(
      fc.property(tree, (value) => {
        const wrapped = { value }
        assert.equal(JSON.stringify(sorted(treesOf(parseYamlDocuments(formatYaml(wrapped)))[0])), JSON.stringify(sorted(wrapped)))
      }),
      { numRuns: 200 },
    )
  })
})

test('what ends a line for readers of YAML 1.1 only is refused, with its place: in a comment it would hide a member from us alone', () => {
  for (const odd of ['\r', '\u0085', '\u2028', '\u2029']) {
    const parsed = parseYamlDocuments(`a: 1\nimage: good #${odd}image: bad\n`)
    assert.deepEqual(
      parsed.ok || parsed.issues.map(({ line, column, message }) => ({ line, column, odd: message.startsWith('The text holds a character') })),
      [{ line: 2, column: 14, odd: true }],
    )
    assert.deepEqual(treesOf(parseYamlDocuments(formatYaml({ [`k${odd}`]: `a${odd}b` }))), [{ [`k${odd}`]: `a${odd}b` }])
  }
  assert.deepEqual(treesOf(parseYamlDocuments('a: 1\r\nb: "\\u2028"\r\n')), [{ a: 1, b: '\u2028' }])
})

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => [key, sorted(item)])
}
