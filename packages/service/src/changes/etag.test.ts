import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requireEtag } from './etag.ts'

const STORED = '"3sCqnNjn+07+"'

test('the stored etag, an empty one and none are good', () => {
  for (const given of [STORED, '', undefined]) requireEtag(given, STORED, 'the policy')
})

test('an etag sent without the quotes that belong to it is ABORTED, and the message shows the difference', () => {
  assert.throws(() => requireEtag('3sCqnNjn+07+', STORED, 'the policy'), {
    code: 'ABORTED',
    message: 'Cannot write the policy: its etag is "3sCqnNjn+07+", expected 3sCqnNjn+07+ as sent; read it again, then repeat the change',
  })
})

test('an etag that was never ours is shown quoted', () => {
  assert.throws(() => requireEtag('a\n"b', STORED, 'the policy'), { message: /expected "a\\n\\"b" as sent/ })
})

test('an etag sent for what has none is ABORTED', () => {
  assert.throws(() => requireEtag(STORED, undefined, 'the policy'), { code: 'ABORTED', message: /its etag is not set, expected/ })
})
