import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { scoreCvss } from './cvss.ts'

// The scores of the examples in FIRST's documents and of well-known vulnerabilities at NVD.
for (const [vector, expected] of [
  ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H', { generation: 3, score: 10 }],
  ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N', { generation: 3, score: 7.5 }],
  ['CVSS:3.0/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H', { generation: 3, score: 7.8 }],
  ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N', { generation: 3, score: 0 }],
  ['AV:N/AC:L/Au:N/C:P/I:N/A:N', { generation: 2, score: 5 }],
  ['CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H', { generation: 4, score: 10 }],
  ['CVSS:3.1/AV:N/AC:L', undefined],
  ['CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N', undefined],
  ['CVSS:5.0/AV:N', undefined],
  ['', undefined],
] as const) {
  test(`scoreCvss() gives ${expected === undefined ? 'nothing' : expected.score} for "${vector}"`, () => {
    assert.deepEqual(scoreCvss(vector), expected)
  })
}

test('scoreCvss() never throws', () => {
  fc.assert(fc.property(fc.string(), (text) => scoreCvss(`CVSS:3.1/${text}`) === undefined))
})
