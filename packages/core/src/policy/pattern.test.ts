import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { compilePatterns, matchesPattern, parsePattern } from './pattern.ts'

const VECTORS = new URL('../../../../vectors/pattern/', import.meta.url)

interface Row {
  readonly pattern: string
  readonly image: string
  readonly match: boolean
  readonly source: string
}

function readCases<T>(folder: string): readonly T[] {
  return JSON.parse(readFileSync(new URL(`${folder}/cases.json`, VECTORS), 'utf8'))
}

describe('compilePatterns()', () => {
  for (const folder of ['truth-table', 'as-written']) {
    for (const { pattern, image, match, source } of readCases<Row>(folder)) {
      test(`${source}: ${pattern} ${match ? 'matches' : 'does not match'} ${image}`, () => {
        assert.equal(compilePatterns([pattern]).find(image), match ? pattern : undefined)
        const parsed = parsePattern(pattern)
        assert.equal(parsed.ok && matchesPattern(parsed.value, image), match)
      })
    }
  }

  test('reports the most specific pattern, whatever the order', () => {
    const patterns = ['r.example/**', 'r.example/a/**', 'r.example/a/*', 'r.example/a/x*', 'r.example/a/x:1']
    for (const compiled of [compilePatterns(patterns), compilePatterns(patterns.toReversed())]) {
      assert.equal(compiled.find('r.example/a/x:1'), 'r.example/a/x:1')
      assert.equal(compiled.find('r.example/a/x:2'), 'r.example/a/x*')
      assert.equal(compiled.find('r.example/a/y'), 'r.example/a/*')
      assert.equal(compiled.find('r.example/a/y/z'), 'r.example/a/**')
      assert.equal(compiled.find('r.example/b'), 'r.example/**')
      assert.equal(compiled.find('s.example/b'), undefined)
    }
  })

  test('refuses an unchecked pattern rather than admit everything', () => {
    assert.throws(() => compilePatterns(['*']), { code: 'INVALID_ARGUMENT' })
  })

  test('agrees with a slow, obvious matcher', () => {
    // A small alphabet, so that prefixes nest and collide.
    const image = fc.stringMatching(/^[ab]\/[ab/:]{0,8}$/)
    const pattern = fc.tuple(fc.stringMatching(/^[ab]\/[ab/:]{0,6}$/), fc.constantFrom('', '*', '**')).map((parts) => parts.join(''))
    fc.assert(
      fc.property(fc.array(pattern, { maxLength: 30 }), fc.array(image, { maxLength: 10 }), (patterns, images) => {
        const compiled = compilePatterns(patterns)
        for (const text of images) assert.equal(compiled.find(text), findSlowly(patterns, text))
      }),
      { numRuns: 500 },
    )
  })

  test('finds one among 100,000 patterns', () => {
    const patterns = Array.from({ length: 100_000 }, (_, index) => `r${index % 100}.example/team-${index}/${index % 3 === 0 ? '**' : '*'}`)
    const compiled = compilePatterns(patterns)
    assert.equal(compiled.find('r98.example/team-99998/app:v1'), 'r98.example/team-99998/*')
    assert.equal(compiled.find('r99.example/team-99999/a/b:v1'), 'r99.example/team-99999/**')
    assert.equal(compiled.find('r98.example/team-99999/app:v1'), undefined)
  })
})

describe('parsePattern()', () => {
  for (const { pattern, because } of readCases<{ readonly pattern: string; readonly because: string }>('syntax_fail')) {
    test(`${because}: refuses ${JSON.stringify(pattern.slice(0, 60))}`, () => {
      assert.equal(parsePattern(pattern).ok, false)
    })
  }

  test('shows where the wildcard may stand', () => {
    const parsed = parsePattern('gcr.io/project/n*x')
    assert.deepEqual(parsed, {
      ok: false,
      issues: [{ path: [], message: 'Pattern "gcr.io/project/n*x" is not valid: a wildcard may stand only at the end, such as "gcr.io/project/n*"' }],
    })
  })
})

/** §1.5 as regular expressions, every pattern tried; of the matches the exact one, else the longest prefix, `*` first. */
function findSlowly(patterns: readonly string[], text: string): string | undefined {
  const prefixLength = (pattern: string) => pattern.replace(/\*+$/, '').length
  const matching = patterns.filter((pattern) => {
    const source = pattern
      .replace(/[.[\]+-]/g, '\\$&')
      .replace(/\*\*$/, '[^]{0,}')
      .replace(/\*$/, '[^/]{0,}')
    return new RegExp(`^${source}$`).test(text)
  })
  if (matching.includes(text)) return text
  return matching.sort((a, b) => prefixLength(b) - prefixLength(a) || a.length - b.length)[0]
}
