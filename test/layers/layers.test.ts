import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { findBrokenArrows } from './arrows.ts'
import { type LockFile, runtimeClosure } from './closure.ts'
import { findCycles } from './cycles.ts'
import { formatGuilt } from './guilt.ts'
import { arrows, packagesBelow } from './house.ts'
import { findDependenciesOfCore, findImpurities } from './purity.ts'
import { readSourceFile } from './source-file.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const read = (path: string) => readFileSync(`${root}${path}`, 'utf8')
const paths = globSync('packages/*/src/**/*.{ts,tsx}', { cwd: root }).sort()
const files = paths.map((path) => readSourceFile(path, read(path)))

test('every package has its place in the house', () => {
  assert.deepEqual(
    globSync('packages/*', { cwd: root }).sort(),
    Object.keys(arrows)
      .map((name) => `packages/${name}`)
      .sort(),
  )
})

test('a package declares only what lies below it', () => {
  for (const name of Object.keys(arrows)) {
    const { dependencies = {} } = JSON.parse(read(`packages/${name}/package.json`)) as { dependencies?: Record<string, string> }
    const own = Object.keys(dependencies).flatMap((dependency) => dependency.match(/^@countersign\/(.+)$/)?.[1] ?? [])
    const above = own.filter((dependency) => !packagesBelow(name).has(dependency))
    assert.deepEqual(above, [], `packages/${name}/package.json`)
  }
})

test('packages import only downwards, flows and adapters not each other', () => {
  assert.deepEqual(findBrokenArrows(files).map(formatGuilt), [])
})

test('no files import each other in a circle, types included', () => {
  assert.deepEqual(
    findCycles(files).map((circle) => circle.join(' and ')),
    [],
  )
})

test('core imports nothing', () => {
  assert.deepEqual(findDependenciesOfCore(files).map(formatGuilt), [])
  assert.deepEqual(Object.keys((JSON.parse(read('packages/core/package.json')) as { dependencies?: object }).dependencies ?? {}), [])
})

test('clocks, randomness, the process and Node modules stay where the house keeps them', () => {
  assert.deepEqual(findImpurities(files).map(formatGuilt), [])
})

test('the gate brings along at most twelve npm packages', () => {
  const closure = runtimeClosure(JSON.parse(read('package-lock.json')) as LockFile, 'gate')
  assert.ok(closure.length <= 12, `${closure.length}: ${closure.join(', ')}`)
})
