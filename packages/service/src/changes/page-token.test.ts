import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { refusalOf } from '../testing/thrown.ts'
import { acceptPage, makePageTokens } from './page-token.ts'

const tokens = makePageTokens(new Uint8Array(32).fill(7))
const open = async (scope: readonly string[], token: string): Promise<string | undefined> => tokens.open(scope, token)

test('a token opens for its own scope only', async () => {
  const token = tokens.seal(['ListNotes', 'token:a', 'p1', 'x'], 'key')
  assert.equal(tokens.open(['ListNotes', 'token:a', 'p1', 'x'], token), 'key')
  for (const scope of [
    ['ListNotes', 'token:b', 'p1', 'x'],
    ['ListNotes', 'token:a', 'p12', 'x'],
    ['ListNotes', 'token:a', 'p1', ''],
    ['ListNotes', 'token:a', 'p1x'],
    ['ListNotes', 'token:a', 'p', '1x'],
  ]) {
    assert.equal((await refusalOf(open(scope, token))).code, 'INVALID_ARGUMENT')
  }
  assert.equal((await refusalOf(makeOther(['ListNotes', 'token:a', 'p1', 'x'], token))).code, 'INVALID_ARGUMENT')
})

async function makeOther(scope: readonly string[], token: string): Promise<string | undefined> {
  return makePageTokens(new Uint8Array(32).fill(8)).open(scope, token)
}

test('no key is an empty token, and an empty token is no key', () => {
  assert.equal(tokens.seal(['a'], undefined), '')
  assert.equal(tokens.open(['a'], ''), undefined)
  assert.equal(tokens.open(['a'], undefined), undefined)
})

test('every key comes back, and no text that was not made here opens', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ unit: 'grapheme' })),
      fc.string({ unit: 'grapheme', minLength: 1 }),
      fc.string(),
      async (scope, key, guess) => {
        assert.equal(tokens.open(scope, tokens.seal(scope, key)), key)
        if (guess !== '') assert.equal((await refusalOf(open(scope, guess))).code, 'INVALID_ARGUMENT')
      },
    ),
    { numRuns: 200 },
  )
})

test('§4.7: what kills the reference server is refused: 999, -1, and a token of a megabyte', async () => {
  for (const token of ['999', '-1', 'A'.repeat(1_000_000)]) assert.equal((await refusalOf(open(['a'], token))).code, 'INVALID_ARGUMENT')
})

test('§4.6: page sizes', async () => {
  const accept = async (pageSize: number) => acceptPage(tokens, ['a'], { pageSize })
  assert.deepEqual(await accept(0), { pageSize: 20 })
  assert.deepEqual(await accept(1000), { pageSize: 1000 })
  assert.deepEqual(acceptPage(tokens, ['a'], {}), { pageSize: 20 })
  assert.deepEqual(await refusalOf(accept(1001)), { code: 'INVALID_ARGUMENT', message: 'page size 1001 cannot be large than max page size 1000' })
  assert.deepEqual(await refusalOf(accept(-1)), { code: 'INVALID_ARGUMENT', message: 'page size -1 cannot be negative' })
})
