import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { openDataFolder } from './data-folder.ts'

const root = mkdtempSync(join(tmpdir(), 'countersign-data-'))
after(() => rmSync(root, { recursive: true, force: true }))

test('openDataFolder() makes what is missing, readable by its owner alone', () => {
  const { folder } = openDataFolder(join(root, 'a', 'b'))
  assert.equal(statSync(folder).mode & 0o777, 0o700)
  assert.equal(openDataFolder(folder).folder, folder)
})

test('openDataFolder() says which folder it cannot use, and never waits for one that takes none', () => {
  writeFileSync(join(root, 'file'), '')
  for (const folder of ['/proc/countersign', '/proc/countersign/data', join(root, 'file', 'data')])
    assert.throws(() => openDataFolder(folder), {
      code: 'FAILED_PRECONDITION',
      message: `Cannot use the data folder "${folder}": choose a writable folder with --data`,
    })
})
