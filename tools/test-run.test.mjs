import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { groups, runTests } from './test-run.mjs'

const story = `
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
test('passes', () => {})
test('fails', () => assert.equal(1, 2))
test('is skipped', { skip: 'no gcloud' }, () => {})
describe('a suite', () => { test('passes inside', () => {}) })
describe('a suite without its part', { skip: 'no registry' }, () => { test('never seen', () => {}) })
test('parent', async (t) => { await t.test('child fails', () => { throw new Error('child') }) })
`

async function run(t, files, options = groups.real) {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-run-'))
  t.after(() => rmSync(folder, { recursive: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  const { passed, failures, skips } = await runTests({ ...options, include: ['*.test.mjs'], exclude: [], folder })
  return { passed, failed: failures.map(({ name }) => name.replace(/^.*\//, '')), reasons: skips.map(({ reason }) => reason), failures }
}

for (const [name, group] of Object.entries(groups)) {
  test(`runTests() counts tests and not suites, a failing child once, a skipped suite once: ${name}`, async (t) => {
    const { passed, failed, reasons } = await run(t, { 'a.test.mjs': story }, group)
    assert.deepEqual({ passed, failed, reasons }, { passed: 2, failed: ['fails', 'child fails'], reasons: ['no gcloud', 'no registry'] })
  })
}

test('runTests() counts a file that does not load as failed, with its own words', async (t) => {
  const { failed, failures } = await run(t, { 'b.test.mjs': `throw new Error('cannot load this')` })
  assert.deepEqual(failed, ['b.test.mjs'])
  assert.match(failures[0].error, /cannot load this/)
})

test('runTests() counts a run whose process ends early as failed', async (t) => {
  const { failed } = await run(t, { 'c.test.mjs': `process.exit(3)` }, groups.pure)
  assert.deepEqual(failed, ['the run as a whole'])
})

test('runTests() ends a run that hangs, and says so', async (t) => {
  const { failed, failures } = await run(t, { 'd.test.mjs': `setInterval(() => {}, 1e6)` }, { ...groups.pure, deadlineMs: 1_000 })
  assert.deepEqual(failed, ['the run as a whole'])
  assert.match(failures[0].error, /not ended after 1 s/)
})

test('runTests() does not take silence for success', async (t) => {
  const { failed } = await run(t, { 'e.test.mjs': '' }, groups.pure)
  assert.deepEqual(failed, ['the run as a whole'])
})

test('runTests() without a file runs nothing', async (t) => {
  assert.deepEqual(await run(t, {}), { passed: 0, failed: [], reasons: [], failures: [] })
})
