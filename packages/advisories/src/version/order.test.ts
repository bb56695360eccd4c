import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { compareAlpine } from './alpine.ts'
import { compareDebian } from './debian.ts'
import { compareMaven } from './maven.ts'
import { MAX_VERSION_LENGTH, type VersionOrder } from './order.ts'
import { comparePython } from './python.ts'
import { compareRpm } from './rpm.ts'
import { compareSemantic } from './semantic.ts'

/** Each row is in ascending order; `=` joins what is equal. */
const ascending: readonly { readonly name: string; readonly order: VersionOrder; readonly rows: readonly string[] }[] = [
  {
    name: 'compareDebian()',
    order: compareDebian,
    rows: [
      '1.0~~ 1.0~rc1 1.0=1.0-=0:1.0 1.0-1 1.0-1+b1 1.0-1.1 1.0a 1.0+dfsg 1.0.1 1.9 1.10 1:0.1',
      '3.0.11-1~deb12u1 3.0.11-1~deb12u2 3.0.11-1 3.0.15-1~deb12u1',
      '1.2-3-1 1.2-3-2',
    ],
  },
  {
    name: 'compareRpm()',
    order: compareRpm,
    rows: ['1.0~rc1-1 1.0-1 1.0-1.el9 1.0^git1-1 1.0.1-1 1.9-1 1.10-1 1:0.1-1', '1.0a-1 1.0.1-1', '5.14.0-70.el9=0:5.14.0-70.el9'],
  },
  {
    name: 'compareAlpine()',
    order: compareAlpine,
    rows: ['1.2_alpha 1.2_beta2 1.2_pre 1.2_rc1 1.2_rc2 1.2 1.2_git20 1.2_p1 1.2a 1.2.1 1.9 1.10', '1.2.3-r0 1.2.3-r1 1.2.3-r10', '1.05 1.1 1.10'],
  },
  {
    name: 'compareMaven()',
    order: compareMaven,
    rows: [
      '1-alpha-1=1-a1 1-beta 1-milestone 1-rc=1-cr 1-SNAPSHOT 1=1.0=1.0.0=1-ga=1.0.Final 1-sp 1-foo 1-1 1.1',
      '2.9.10.4 2.9.10.8 2.10.0-rc1=2.10.rc1 2.10',
      '30.0-android 30.0-jre 30.1-android',
    ],
  },
  {
    name: 'compareSemantic()',
    order: compareSemantic,
    rows: [
      '0 1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 1.0.0=1.0.0+build=v1.0.0=1 1.0.1',
      'v0.0.0-20180826012351-8a410e7b638d v0.0.0-20220906165146-f3363e06e74c v0.1.0 v1.0.0+incompatible',
      'go1.20rc1 go1.20=1.20=go1.20.0 go1.20.4 go1.21rc2 go1.21.0 go1.21.1=go1.21.1 X:fieldtrack',
    ],
  },
  { name: 'comparePython()', order: comparePython, rows: ['1.0.dev1 1.0a1 1.0b2 1.0rc1 1.0=1.0.0 1.0+local.1 1.0.post1 1.1 1!0.1'] },
]

for (const { name, order, rows } of ascending) {
  describe(name, () => {
    for (const row of rows) {
      // What is joined by a blank and begins with X: is one Go version with its experiment.
      const steps = row.split(/ (?!X:)/).map((step) => step.split('='))
      test(`orders ${row}`, () => {
        for (const [index, step] of steps.entries()) {
          for (const one of step) {
            for (const same of step) assert.equal(Math.sign(order(one, same) ?? NaN), 0, `${one} = ${same}`)
            for (const later of steps.slice(index + 1).flat()) {
              assert.equal(Math.sign(order(one, later) ?? NaN), -1, `${one} < ${later}`)
              assert.equal(Math.sign(order(later, one) ?? NaN), 1, `${later} > ${one}`)
            }
          }
        }
      })
    }

    test('never throws, is antisymmetric, and does not order what is no version', () => {
      const text = fc.oneof(fc.string({ maxLength: 20 }), fc.stringMatching(/^[0-9a-z.~^+_:-]{0,12}$/))
      fc.assert(
        fc.property(text, text, (one, other) => {
          const [forward, backward] = [order(one, other), order(other, one)]
          assert.equal(forward === undefined, backward === undefined)
          if (forward !== undefined && backward !== undefined) assert.equal(Math.sign(forward) + Math.sign(backward), 0)
        }),
      )
      assert.equal(order('', '1'), undefined)
      assert.equal(order('1', '1'.repeat(MAX_VERSION_LENGTH + 1)), undefined)
    })
  })
}

test('what is no version of the ecosystem is not ordered', () => {
  assert.deepEqual(
    [compareDebian('1 0', '1'), compareRpm('1-2-3', '1'), compareAlpine('1.x', '1'), compareSemantic('(devel)', '1'), comparePython('one', '1')],
    [undefined, undefined, undefined, undefined, undefined],
  )
})
