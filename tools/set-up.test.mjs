import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { install, isInstalled, SetUpError } from './set-up.mjs'

const lock = {
  '': {},
  'packages/a': { version: '1.0.0' },
  'node_modules/b': { version: '1.0.0', integrity: 'sha512-b' },
  'node_modules/for-another-machine': { version: '1.0.0', integrity: 'sha512-c', optional: true },
}
const { 'node_modules/for-another-machine': _, ...laidDown } = lock

function checkout(t, { wanted, present }) {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-set-up-'))
  t.after(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ packages: wanted }))
  mkdirSync(join(folder, 'node_modules'))
  if (present !== undefined) writeFileSync(join(folder, 'node_modules', '.package-lock.json'), JSON.stringify({ packages: present }))
  return folder
}

test('isInstalled() says yes when all that fits this machine is there', (t) => {
  assert.equal(isInstalled(checkout(t, { wanted: lock, present: laidDown })), true)
})

test('isInstalled() says no to an install that was cut short', (t) => {
  assert.equal(isInstalled(checkout(t, { wanted: lock })), false)
})

test('isInstalled() says no when the lock file names a new package, another version or other bytes', (t) => {
  const changes = [
    { 'node_modules/new': { version: '1.0.0' } },
    { 'node_modules/b': { version: '1.0.1', integrity: 'sha512-b' } },
    { 'node_modules/b': { version: '1.0.0', integrity: 'sha512-z' } },
  ]
  for (const change of changes) assert.equal(isInstalled(checkout(t, { wanted: { ...lock, ...change }, present: laidDown })), false)
})

test('install() tells what npm said and what to do next', async (t) => {
  const folder = checkout(t, { wanted: lock })
  writeFileSync(join(folder, 'package-lock.json'), 'not JSON')
  await assert.rejects(
    install(folder, () => {}),
    (error) => {
      assert.ok(error instanceof SetUpError)
      assert.match(error.message, /^Cannot install packages: npm ci ended with code \d+\n[^]+\nNext: /)
      return true
    },
  )
})
