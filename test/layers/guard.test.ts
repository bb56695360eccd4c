import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findBrokenArrows } from './arrows.ts'
import { runtimeClosure } from './closure.ts'
import { findCycles } from './cycles.ts'
import { formatGuilt } from './guilt.ts'
import { findDependenciesOfCore, findImpurities } from './purity.ts'
import { readSourceFile } from './source-file.ts'

const read = (tree: Readonly<Record<string, string>>) => Object.entries(tree).map(([path, text]) => readSourceFile(path, text))

test('findBrokenArrows() names an import that goes up, in whatever form it is written', () => {
  const forms = [
    `import { a } from '@countersign/service/policy/a.ts'`,
    `import type { A } from '@countersign/service/policy/a.ts'`,
    `export { a } from '@countersign/service/policy/a.ts'`,
    `export * from '@countersign/service/policy/a.ts'`,
    `const a = import('@countersign/service/policy/a.ts')`,
    `type A = import('@countersign/service/policy/a.ts').A`,
    `import { a } from '../../service/src/policy/a.ts'`,
  ]
  for (const form of forms) {
    const [guilt, ...more] = findBrokenArrows(read({ 'packages/gate/src/door.ts': `\n${form}` }))
    assert.deepEqual(more, [])
    assert.match(
      guilt === undefined ? form : formatGuilt(guilt),
      /^packages\/gate\/src\/door\.ts:2 imports \S+: gate may import evidence, core, api$/,
    )
  }
})

test('findBrokenArrows() allows what the packages below stand on', () => {
  const text = `import { a } from '@countersign/core/a.ts'\nimport { b } from '@countersign/gate/b.ts'`
  assert.deepEqual(findBrokenArrows(read({ 'packages/server/src/main.ts': text })), [])
})

test('findBrokenArrows() reads neither comments nor strings', () => {
  const text = `// import '@countersign/cli/a.ts'\nexport const a = "import '@countersign/cli/a.ts'"`
  assert.deepEqual(findBrokenArrows(read({ 'packages/core/src/a.ts': text })), [])
})

test('findBrokenArrows() keeps flows apart, but for what they share and for tests', () => {
  const tree = {
    'packages/service/src/policy/a.ts': `import '../metadata/b.ts'`,
    'packages/service/src/policy/b.ts': `import '../access/caller.ts'\nimport '../changes/change.ts'`,
    'packages/service/src/policy/b.test.ts': `import '../testing/memory.ts'\nimport '../metadata/b.ts'`,
    'packages/service/src/changes/c.ts': `import '../policy/a.ts'`,
    'packages/adapters/src/store/a.ts': `import '../registry/b.ts'`,
  }
  assert.deepEqual(findBrokenArrows(read(tree)).map(formatGuilt), [
    'packages/service/src/policy/a.ts:1 imports ../metadata/b.ts: folders of service do not import each other; they share access and changes',
    'packages/service/src/changes/c.ts:1 imports ../policy/a.ts: folders of service do not import each other; they share access and changes',
    'packages/adapters/src/store/a.ts:1 imports ../registry/b.ts: folders of adapters do not import each other',
  ])
})

test('findBrokenArrows() refuses a fake outside tests, a detour through the own name and a way out of the packages, but for the own version', () => {
  const tree = {
    'packages/service/src/policy/a.ts': `import '../testing/memory.ts'`,
    'packages/core/src/b.ts': `import '@countersign/core/a.ts'`,
    'packages/core/src/c.ts': `import '../../../tools/parts.mjs'`,
    'packages/gate/src/d.ts': `import own from '../package.json' with { type: 'json' }\nimport other from '../../cli/package.json' with { type: 'json' }`,
  }
  assert.deepEqual(findBrokenArrows(read(tree)).map(formatGuilt), [
    'packages/service/src/policy/a.ts:1 imports ../testing/memory.ts: only tests import from testing',
    'packages/core/src/b.ts:1 imports @countersign/core/a.ts: inside a package imports are relative',
    'packages/core/src/c.ts:1 imports ../../../tools/parts.mjs: core imports packages only, this leaves them',
    'packages/gate/src/d.ts:2 imports ../../cli/package.json: gate imports packages only, this leaves them',
  ])
})

test('findCycles() finds a circle through types and package names, and nothing in a tree', () => {
  const tree = {
    'packages/core/src/a.ts': `import type { B } from './b.ts'`,
    'packages/core/src/b.ts': `export * from './c.ts'`,
    'packages/core/src/c.ts': `type A = import('./a.ts').A`,
    'packages/core/src/d.ts': `import './a.ts'\nimport './e.ts'`,
    'packages/core/src/e.ts': '',
    'packages/api/src/x.ts': `import '@countersign/core/d.ts'`,
  }
  assert.deepEqual(findCycles(read(tree)), [['packages/core/src/a.ts', 'packages/core/src/b.ts', 'packages/core/src/c.ts']])
})

test('findImpurities() names clocks, randomness, asynchrony, the process and Node modules in core', () => {
  const text = [
    `import { readFileSync } from 'node:fs'`,
    `export const a = Date.now()`,
    `export const b = new Date()`,
    `export const c = Math.random()`,
    `export async function d() {}`,
    `console.log(1)`,
    `export const e = process.env`,
    `export const f = (name: { process: string; Buffer: number }) => name.process`,
    `export const g = new Date(0)`,
  ].join('\n')
  const uses = findImpurities(read({ 'packages/core/src/a.ts': text })).map(({ line, crime }) => `${line} ${crime.split(':')[0]}`)
  assert.deepEqual(uses, [
    '1 uses node',
    '2 uses Date.now',
    '3 uses new Date()',
    '4 uses Math.random',
    '5 uses async',
    '6 uses console',
    '7 uses process',
  ])
})

test('findImpurities() lets main, configuration, adapters and tests see the world', () => {
  const text = `export const a = Date.now() + Number(process.env['A'])`
  const tree = {
    'packages/server/src/main.ts': text,
    'packages/server/src/config/layers.ts': text,
    'packages/adapters/src/store/a.ts': text,
    'packages/service/src/policy/a.test.ts': text,
    'packages/server/src/doors/a.ts': text,
  }
  assert.deepEqual([...new Set(findImpurities(read(tree)).map(({ path }) => path))], ['packages/server/src/doors/a.ts'])
})

test('findDependenciesOfCore() names any module that is not core itself', () => {
  const [guilt] = findDependenciesOfCore(read({ 'packages/core/src/a.ts': `import { z } from 'zod'` }))
  assert.equal(guilt?.crime, 'imports zod: core imports nothing')
})

test('runtimeClosure() follows own packages and nested folders', () => {
  const lock = {
    packages: {
      'packages/gate': { dependencies: { '@countersign/evidence': '1', a: '1' } },
      'packages/evidence': { dependencies: { b: '1' } },
      'node_modules/a': { dependencies: { b: '2' } },
      'node_modules/a/node_modules/b': {},
      'node_modules/b': { optionalDependencies: { c: '1' } },
      'node_modules/c': {},
    },
  }
  assert.deepEqual(runtimeClosure(lock, 'gate'), ['node_modules/a', 'node_modules/a/node_modules/b', 'node_modules/b', 'node_modules/c'])
})
