import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { StatusError } from '@countersign/core/status.ts'
import { makeCheckpointKey, makeCheckpointSigner, splitNotes } from '@countersign/evidence/log/checkpoint.ts'
import { type KeyFile, openCheckpointFiles, openCheckpointKey } from './checkpoint-files.ts'

const signer = makeCheckpointSigner('log', makeCheckpointKey())
const NOTES = [1, 2, 3].map((size) => signer.sign({ size, root: new Uint8Array(32) }))
const [ONE = '', TWO = '', THREE = ''] = NOTES

function folder(t: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), 'cs-checkpoints-'))
  t.after(() => rmSync(made, { recursive: true }))
  return made
}

test('notes are appended to every file, and the newest is known after a restart', (t) => {
  const [file, sink] = [join(folder(t), 'checkpoints'), join(folder(t), 'sink')]
  const shelf = openCheckpointFiles(file, [sink])
  assert.equal(shelf.last(), undefined)
  shelf.append(ONE)
  shelf.append(TWO)
  const again = openCheckpointFiles(file, [sink])
  assert.equal(again.last(), TWO)
  again.append(THREE)
  for (const written of [file, sink]) assert.deepEqual(splitNotes(readFileSync(written, 'utf8')), NOTES)
})

test('a note that a crash cut off at any byte is passed over, and spoils none that comes later', (t) => {
  const place = folder(t)
  for (const length of Array.from({ length: TWO.length }, (_, index) => index)) {
    const file = join(place, `cut-${length}`)
    appendFileSync(file, `${ONE}\n${TWO.slice(0, length)}`)
    const shelf = openCheckpointFiles(file)
    assert.equal(shelf.last(), ONE)
    shelf.append(THREE)
    assert.equal(openCheckpointFiles(file).last(), THREE)
    assert.equal(splitNotes(readFileSync(file, 'utf8')).at(-1), THREE)
  }
})

test('a sink that cannot be written fails before the file that is believed', (t) => {
  const file = join(folder(t), 'checkpoints')
  const shelf = openCheckpointFiles(file, [join(file, 'no-folder', 'sink')])
  assert.throws(
    () => shelf.append(ONE),
    (error) => error instanceof StatusError && error.code === 'UNAVAILABLE',
  )
  assert.equal(openCheckpointFiles(file).last(), undefined)
})

test('the key is made once and kept, and a file that holds none is damage', () => {
  let kept: string | undefined
  const file: KeyFile = { read: () => kept, write: (text) => void (kept = text) }
  const made = openCheckpointKey(file, () => 'u-1')
  assert.equal(made.origin, 'countersign.log/u-1')
  assert.equal(openCheckpointKey(file, () => 'u-2').verifierKey, made.verifierKey)
  for (const broken of ['', '{}', 'null', '{"origin":"a","privateKey":"b"}']) {
    assert.throws(
      () => openCheckpointKey({ ...file, read: () => broken }, () => 'u'),
      (error) => error instanceof StatusError && error.code === 'DATA_LOSS',
    )
  }
})
