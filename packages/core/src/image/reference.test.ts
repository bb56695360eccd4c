import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { MAX_REFERENCE_LENGTH, parseImageDigest, parseImageReference, repositoryOf } from './reference.ts'

const VECTORS = new URL('../../../../vectors/image-reference/', import.meta.url)
const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`

function readCases(folder: string): readonly unknown[] {
  return JSON.parse(readFileSync(new URL(`${folder}/cases.json`, VECTORS), 'utf8'))
}

function messageOf(text: string): string | undefined {
  const parsed = parseImageReference(text)
  return parsed.ok ? undefined : parsed.issues[0]?.message
}

describe('parseImageReference()', () => {
  for (const folder of ['short-names', 'hosts', 'paths-tags-digests']) {
    for (const expected of readCases(folder) as readonly { readonly text: string }[]) {
      test(`distribution/reference, ${folder}: reads ${JSON.stringify(expected.text.slice(0, 100))}`, () => {
        assert.deepEqual(parseImageReference(expected.text), { ok: true, value: expected })
      })
    }
  }

  for (const text of readCases('malformed_fail') as readonly string[]) {
    test(`distribution/reference, malformed: refuses ${JSON.stringify(text.slice(0, 100))}`, () => {
      assert.equal(parseImageReference(text).ok, false)
    })
  }

  test('says what is wrong with each part', () => {
    assert.match(messageOf('r.example/App') ?? '', /repository path in lower case, got "App"/)
    assert.match(messageOf('nginx:') ?? '', /expected a tag/)
    assert.match(messageOf('nginx@sha256:abc') ?? '', /expected a digest sha256:/)
    assert.match(messageOf('https://r.example/a') ?? '', /expected a registry host/)
    assert.match(messageOf('a'.repeat(MAX_REFERENCE_LENGTH + 1)) ?? '', /at most 1024 characters, got 1025/)
  })

  test('never shows control characters raw', () => {
    assert.match(messageOf('nginx\u001b[2J\u202e\u009b') ?? '', /\\u001b\[2J\\u202e\\u009b/)
  })

  test('never throws, and keeps the text as written', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[a-zA-Z0-9._:@/[\]-]{0,60}$/)), (text) => {
        const parsed = parseImageReference(text)
        if (parsed.ok) assert.equal(parsed.value.text, text)
      }),
    )
  })

  test('reads its own normal form as the same image', () => {
    const texts = fc.stringMatching(/^([a-z]{1,3}(\.io)?(:5)?\/)?[a-z]{1,3}([._-][a-z])?(\/[a-z]{1,2})?(:[A-Za-z0-9_]{1,4})?$/)
    fc.assert(
      fc.property(texts, fc.boolean(), (text, withDigest) => {
        const parsed = parseImageReference(withDigest ? `${text}@${DIGEST}` : text)
        if (!parsed.ok) return
        const { domain, path, tag, digest } = parsed.value
        const normal = `${repositoryOf(parsed.value)}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`
        const again = parseImageReference(normal)
        assert.deepEqual(again, { ok: true, value: { ...parsed.value, text: normal, domain, path } })
      }),
    )
  })

  test('takes hostile lengths in stride', () => {
    for (const part of ['a-', 'a.', 'a/', '-', '_', 'a_', ':', '@', '[', 'A', '0']) parseImageReference(part.repeat(100_000))
    for (const part of ['a-', 'a.', 'a/', '-', '_', 'a_']) parseImageReference(`${part.repeat(500)}!`)
  })
})

describe('parseImageDigest()', () => {
  test('accepts sha256 in lower case only', () => {
    assert.deepEqual(parseImageDigest(DIGEST), { ok: true, value: DIGEST })
    for (const text of ['', 'sha256:', DIGEST.toUpperCase(), `${DIGEST}0`, `${DIGEST}\n`, `sha512:${'f'.repeat(128)}`, DIGEST.slice(7)]) {
      assert.equal(parseImageDigest(text).ok, false, text)
    }
  })
})
