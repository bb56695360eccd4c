import assert from 'node:assert/strict'
import { it } from 'node:test'
import { formatCanonicalJson } from '@countersign/evidence/record/canonical-json.ts'
import fc from 'fast-check'
import { formatCanonicalText } from './canonical-text.ts'

const name = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('10', '9', '__proto__', 'toJSON', 'é', '\u{1f600}', '\ue000', 'a', 'Z', ''))
const leaf = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.double(),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom('\ud800', '\u2028', '<&>', '\u0000'),
)
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof({ depthSize: 'small' }, leaf, fc.array(tie('tree'), { maxLength: 4 }), fc.dictionary(name, tie('tree'), { maxKeys: 6 })),
}))

it('formatCanonicalText() writes what formatCanonicalJson() writes, and refuses what it refuses', () => {
  fc.assert(
    fc.property(tree, (value) => {
      assert.deepEqual(
        outcome(() => formatCanonicalText(value)),
        outcome(() => formatCanonicalJson(value)),
      )
    }),
    { numRuns: 1000 },
  )
})

it('formatCanonicalText() leaves out members that are undefined', () => {
  assert.equal(formatCanonicalText({ b: undefined, a: 1 }), '{"a":1}')
})

function outcome(write: () => string): string {
  try {
    return write()
  } catch (failure) {
    return `throws ${String(failure)}`
  }
}
