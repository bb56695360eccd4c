import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeFiles } from './process-files.ts'
import { UsageError } from './terminal.ts'

test('files are read, written and listed relative to their folder; failures name the path as given', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'cs-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const files = makeFiles(folder)
  mkdirSync(join(folder, 'm/deep'), { recursive: true })
  for (const name of ['m/b.yaml', 'm/a.yml', 'm/deep/c.json', 'm/readme.md']) writeFileSync(join(folder, name), name)
  await files.write('out.txt', 'x')

  assert.equal(Buffer.from(await files.read('out.txt')).toString(), 'x')
  assert.equal(await files.find('none'), undefined)
  assert.deepEqual(await files.list('m', ['.yaml', '.yml', '.json']), ['m/a.yml', 'm/b.yaml', 'm/deep/c.json'])
  assert.deepEqual(await files.list('m/readme.md', ['.yaml']), ['m/readme.md'])
  const says = (text: string) => (error: unknown) => error instanceof UsageError && error.message === text
  await assert.rejects(files.read('none'), says('Cannot read "none": there is no such file'))
  await assert.rejects(files.read('m'), says('Cannot read "m": it is a folder, expected a file'))
  await assert.rejects(files.list('none', []), says('Cannot read "none": there is no such file or folder'))
  await assert.rejects(files.write('none/x', ''), says('Cannot write "none/x": there is no such file or folder'))
})

test('in a folder a link to a file is a file, and a link to a folder is not entered', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'cs-'))
  t.after(() => rmSync(folder, { recursive: true }))
  mkdirSync(join(folder, 'm'))
  writeFileSync(join(folder, 'other.yaml'), '')
  symlinkSync('../other.yaml', join(folder, 'm/linked.yaml'))
  symlinkSync('..', join(folder, 'm/up'))
  const files = makeFiles(folder)
  assert.deepEqual(await files.list('m', ['.yaml']), ['m/linked.yaml'])
  symlinkSync('nowhere', join(folder, 'm/dangling.yaml'))
  await assert.rejects(files.list('m', ['.yaml']), UsageError)
})
