import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  idOf,
  parseAttestorName,
  parseClusterKey,
  parseNoteName,
  parseOccurrenceName,
  parsePolicyName,
  parseProjectId,
  projectOf,
} from './resource-name.ts'

describe('parsePolicyName()', () => {
  test('gives the project of projects/P/policy', () => assert.deepEqual(parsePolicyName('projects/p1/policy'), { ok: true, value: 'p1' }))

  test('refuses every other form, and a project that is none', () => {
    for (const name of ['', 'p1', 'projects/p1', 'projects//policy', 'projects/p1/policy/x', 'projects/P1/policy', 'projects/p1/policy\n'])
      assert.equal(parsePolicyName(name).ok, false, name)
  })
})

describe('parseProjectId()', () => {
  test('accepts short ids too', () => {
    for (const id of ['p', 'p1', 'my-project', 'qwiklabs-gcp-04-e98db2f05087', 'a'.repeat(30)])
      assert.deepEqual(parseProjectId(id), { ok: true, value: id })
  })

  test('refuses everything else', () => {
    for (const id of ['', '1p', 'P', 'p-', '-p', 'p_1', 'p.1', 'p/1', 'p\n', ' p', 'a'.repeat(31), '__proto__'])
      assert.equal(parseProjectId(id).ok, false, id)
  })
})

describe('parseClusterKey()', () => {
  test('§1.2: accepts zones, regions and fleet memberships', () => {
    for (const key of ['us-central1-a.prod', 'us-central1.prod', 'global.my-cluster-id', 'l.a.b'])
      assert.deepEqual(parseClusterKey(key), { ok: true, value: key })
  })

  test('refuses a key without location or name, and names in full', () => {
    for (const key of ['', '.', 'prod', '.prod', 'l.', 'L.prod', 'l.Prod', 'l/c', 'projects/p/locations/l/clusters/c', 'l.c\n']) {
      assert.equal(parseClusterKey(key).ok, false, key)
    }
  })
})

describe('names of owned resources', () => {
  const parsers = { notes: parseNoteName, occurrences: parseOccurrenceName, attestors: parseAttestorName } as const

  for (const [collection, parse] of Object.entries(parsers)) {
    test(`projects/P/${collection}/ID is read whole`, () => {
      const parsed = parse(`projects/p1/${collection}/built-by_ci.1`)
      assert.ok(parsed.ok)
      assert.equal(projectOf(parsed.value), 'p1')
      assert.equal(idOf(parsed.value), 'built-by_ci.1')
    })

    test(`projects/P/${collection}/ID is nothing else`, () => {
      const wrong = ['', 'x', `projects/p1/${collection}`, `projects/p1/${collection}/`, `projects//${collection}/x`, `/projects/p1/${collection}/x`]
      const others = [
        `projects/p1/${collection}/x/y`,
        `projects/p1/${collection}/..`,
        `projects/P1/${collection}/x`,
        `projects/p1/others/x`,
        `projects/p1/${collection}/x\n`,
      ]
      for (const text of [...wrong, ...others, `Projects/p1/${collection}/x`, `projects/p1/${collection}/${'x'.repeat(300)}`]) {
        assert.equal(parse(text).ok, false, text)
      }
    })

    test(`parsing projects/P/${collection}/ID never throws and never changes the text`, () => {
      fc.assert(
        fc.property(fc.oneof(fc.string(), fc.webPath()), (text) => {
          const parsed = parse(text)
          if (parsed.ok) assert.equal(parsed.value, text)
        }),
      )
    })
  }

  test('an error shows no control characters raw', () => {
    const parsed = parseNoteName('projects/p\u001b[2J\u202e')
    assert.deepEqual(parsed, {
      ok: false,
      issues: [{ path: [], message: 'note name must be in the form "projects/[PROJECT_ID]/notes/[NOTE_ID]", got "projects/p\\u001b[2J\\u202e"' }],
    })
  })
})
