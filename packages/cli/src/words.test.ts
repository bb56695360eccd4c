import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findWord, withoutGcloudWords } from './words.ts'

const LINES: readonly (readonly [written: string, means: string])[] = [
  ['policy export', 'policy export'],
  ['container binauthz policy export', 'policy export'],
  ['beta container binauthz policy export', 'policy export'],
  ['alpha container binauthz policy export-system-policy', 'policy export-system-policy'],
  ['container images list-tags r/x', 'images list-tags r/x'],
  ['--project=p beta container binauthz attestors list', '--project=p attestors list'],
  ['--project p -q container binauthz attestors list', '--project p -q attestors list'],
  ['beta attestors list', 'beta attestors list'],
  ['attestors describe container', 'attestors describe container'],
  ['--help', '--help'],
  ['', ''],
]

for (const [written, means] of LINES) {
  test(`withoutGcloudWords() reads "${written}" as "${means}"`, () => {
    assert.deepEqual(withoutGcloudWords(written.split(' ').filter(Boolean)), means.split(' ').filter(Boolean))
  })
}

test('findWord() passes over options and their values', () => {
  assert.equal(findWord(['--server', 'http://x', '-o', 'json', '--quiet', 'status']), 5)
  assert.equal(findWord(['--server=http://x', '--', 'status']), 2)
  assert.equal(findWord(['--project']), -1)
})
