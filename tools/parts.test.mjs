import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { findPart } from './parts.mjs'

// The answers are remembered for the process, so each test asks for a part of its own.
function alone(t, files) {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-parts-'))
  const before = { PATH: process.env.PATH, XDG_CACHE_HOME: process.env.XDG_CACHE_HOME }
  process.env.PATH = folder
  process.env.XDG_CACHE_HOME = folder
  t.after(() => {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
    rmSync(folder, { recursive: true })
  })
  for (const [name, { text, mode }] of Object.entries(files)) writeFileSync(join(folder, name), text, { mode })
  return folder
}

test('findPart() finds a program on PATH that runs', (t) => {
  const folder = alone(t, { umoci: { text: '#!/bin/sh\nexit 0\n', mode: 0o755 } })
  assert.deepEqual(findPart('umoci'), { found: true, name: 'umoci', path: join(folder, 'umoci'), env: {} })
})

test('findPart() takes neither a program that does not run nor a file that is none, and says what to do', (t) => {
  alone(t, { curl: { text: '#!/bin/sh\nexit 127\n', mode: 0o755 }, gpg: { text: '', mode: 0o644 } })
  const unpacks = 'npm test unpacks it where apt-get reaches a Debian mirror'
  assert.deepEqual(findPart('curl'), { found: false, name: 'curl', reason: `no curl on this machine (${unpacks})` })
  assert.deepEqual(findPart('gpg'), { found: false, name: 'gpg', reason: 'no gpg on this machine (apt-get install gnupg)' })
})

test('findPart() refuses a name that nobody listed', () => {
  assert.throws(() => findPart('gpgg'), /Cannot find part "gpgg": expected one of docker-registry, /)
})
