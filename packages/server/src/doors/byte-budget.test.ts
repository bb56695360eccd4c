import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeByteBudget } from './byte-budget.ts'

test('requests share one budget, and what was answered gives its part back', () => {
  const open = makeByteBudget(10)
  const [first, second, third] = [open(), open(), open()]
  first.hold(6)
  second.hold(4)
  assert.throws(() => third.hold(1), { code: 'UNAVAILABLE' })
  third.release()
  first.release()
  first.release()
  third.hold(6)
  assert.throws(() => third.hold(1), { code: 'UNAVAILABLE' })
})
