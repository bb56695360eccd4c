import { isBuiltin } from 'node:module'
import type { Guilt } from './guilt.ts'
import { placeOf } from './house.ts'
import type { SourceFile, Use } from './source-file.ts'

const asynchrony = ['async', 'await', 'Promise', 'setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'fetch']
const clocks = ['Date.now', 'new Date()', 'performance', 'Temporal.Now']
const randomness = ['Math.random', 'randomBytes', 'randomUUID', 'randomInt', 'getRandomValues']
const process = ['process', 'console', 'Buffer', 'globalThis']
const world = [...clocks, ...randomness, 'process', 'console']

const network = ['net', 'http', 'https', 'http2', 'tls', 'dgram', 'dns', 'dns/promises']
const sql = ['sqlite', 'kysely', 'pg']
const machine = ['fs', 'fs/promises', 'child_process', 'os', 'worker_threads', 'cluster']

/** What a package must not contain (DESIGN §4): uses of globals, and modules of Node or npm. */
interface Ban {
  readonly uses: readonly string[]
  readonly modules: readonly string[] | 'all of Node'
}

const bans: Readonly<Record<string, Ban>> = {
  core: { uses: [...asynchrony, ...clocks, ...randomness, ...process], modules: 'all of Node' },
  api: { uses: [...clocks, ...randomness, ...process], modules: 'all of Node' },
  console: { uses: ['process', 'Buffer'], modules: 'all of Node' },
  advisories: { uses: [...asynchrony, ...world], modules: [...network, ...sql, ...machine] },
  evidence: { uses: world, modules: [...network, ...sql, ...machine] },
  service: { uses: world, modules: [...network, ...sql, ...machine] },
  gate: { uses: world, modules: [...sql, '@grpc/grpc-js', 'child_process'] },
  server: { uses: world, modules: sql },
  cli: { uses: world, modules: sql },
}

/** Where a package that may not touch the world gets it from: its main, its configuration, its composition. */
const doorsToTheWorld = [
  /^packages\/server\/src\/((gate-)?main\.ts|config\/|composition\/)/,
  /^packages\/cli\/src\/(main\.ts|process-terminal\.ts|config\/)/,
]

/** Finds uses of clocks, randomness, the process and modules in packages that must be free of them. Tests are. */
export function findImpurities(files: readonly SourceFile[]): readonly Guilt[] {
  return files.flatMap((file) => {
    const place = placeOf(file.path)
    const ban = place === undefined || place.isTest ? undefined : bans[place.package]
    if (place === undefined || ban === undefined) return []
    return [...bannedModules(file, ban), ...bannedUses(file, ban)].map(({ what, line }) => {
      return { path: file.path, line, crime: `uses ${what}: ${place.package} takes such things as arguments, or not at all` }
    })
  })
}

/** Finds dependencies of `core`: it stands on nothing. */
export function findDependenciesOfCore(files: readonly SourceFile[]): readonly Guilt[] {
  return files.flatMap((file) => {
    const place = placeOf(file.path)
    if (place?.package !== 'core' || place.isTest) return []
    const outside = file.imports.filter(({ what }) => !what.startsWith('.'))
    return outside.map(({ what, line }) => ({ path: file.path, line, crime: `imports ${what}: core imports nothing` }))
  })
}

function bannedModules(file: SourceFile, ban: Ban): readonly Use[] {
  return file.imports.filter(({ what }) => {
    if (ban.modules === 'all of Node') return isBuiltin(what)
    return ban.modules.includes(what.replace(/^node:/, ''))
  })
}

function bannedUses(file: SourceFile, ban: Ban): readonly Use[] {
  if (doorsToTheWorld.some((door) => door.test(file.path))) return []
  return file.uses.filter(({ what }) => ban.uses.includes(what))
}
