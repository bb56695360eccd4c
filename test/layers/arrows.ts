import { posix } from 'node:path'
import type { Guilt } from './guilt.ts'
import { packagesBelow, type Place, placeOf } from './house.ts'
import type { SourceFile } from './source-file.ts'

/** Folders of a package that must not know each other (DESIGN §4), and those of them that all may share. */
const separate: Readonly<Record<string, { readonly shared: readonly string[] }>> = {
  service: { shared: ['access', 'changes'] },
  adapters: { shared: [] },
}

/** Resolves a specifier to a path relative to the checkout; undefined for what comes from npm or Node. */
export function resolveImport(from: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return posix.join(posix.dirname(from), specifier)
  const own = /^@countersign\/([^/]+)\/(.+)$/.exec(specifier)
  return own === null ? undefined : `packages/${own[1]}/src/${own[2]}`
}

/** Finds every import that goes up, sideways, or between folders that must not know each other. */
export function findBrokenArrows(files: readonly SourceFile[]): readonly Guilt[] {
  return files.flatMap((file) =>
    file.imports.flatMap(({ what, line }) => {
      const crime = crimeOf(file.path, what)
      return crime === undefined ? [] : [{ path: file.path, line, crime: `imports ${what}: ${crime}` }]
    }),
  )
}

function crimeOf(path: string, specifier: string): string | undefined {
  const from = placeOf(path)
  const target = resolveImport(path, specifier)
  if (from === undefined || target === undefined) return undefined
  if (target === `packages/${from.package}/package.json`) return undefined
  const to = placeOf(target)
  if (to === undefined) return `${from.package} imports packages only, this leaves them`
  if (to.package !== from.package) return crimeBetweenPackages(from, to)
  if (!specifier.startsWith('.')) return 'inside a package imports are relative'
  return crimeBetweenFolders(from, to)
}

function crimeBetweenPackages(from: Place, to: Place): string | undefined {
  const below = packagesBelow(from.package)
  if (!below.has(to.package)) return `${from.package} may import ${[...below].join(', ') || 'nothing'}`
  if (to.isTest && !from.isTest) return 'only tests import from testing'
  return undefined
}

function crimeBetweenFolders(from: Place, to: Place): string | undefined {
  if (to.isTest && !from.isTest) return 'only tests import from testing'
  const rule = separate[from.package]
  if (rule === undefined || from.folder === to.folder || from.isTest) return undefined
  if (to.folder === '' || rule.shared.includes(to.folder)) return undefined
  const shared = rule.shared.length === 0 ? '' : `; they share ${rule.shared.join(' and ')}`
  return `folders of ${from.package} do not import each other${shared}`
}
