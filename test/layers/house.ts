/** The direct arrows of the house (DESIGN §4). A package may also import what those below it stand on. */
export const arrows: Readonly<Record<string, readonly string[]>> = {
  core: [],
  advisories: ['core'],
  evidence: ['core'],
  api: ['core'],
  gate: ['evidence', 'api'],
  service: ['advisories', 'evidence', 'api'],
  adapters: ['service', 'gate'],
  server: ['adapters'],
  cli: ['adapters'],
  console: ['api'],
  countersign: ['cli', 'server'],
}

/** The packages that one may import: those below it along the arrows. */
export function packagesBelow(name: string): ReadonlySet<string> {
  const direct = arrows[name] ?? []
  return new Set(direct.flatMap((below) => [below, ...packagesBelow(below)]))
}

/** Where a file lives: `packages/service/src/policy/save.ts` is in package `service`, folder `policy`. */
export interface Place {
  readonly package: string
  /** The first folder below `src`; empty for a file that lies in `src` itself. */
  readonly folder: string
  /** Tests and the fakes they use answer to fewer rules. */
  readonly isTest: boolean
}

/** Finds the place of a path relative to the checkout; undefined outside `packages/<name>/src`. */
export function placeOf(path: string): Place | undefined {
  const match = /^packages\/([^/]+)\/src\/(?:([^/]+)\/)?/.exec(path)
  if (match?.[1] === undefined) return undefined
  const folder = match[2] ?? ''
  return { package: match[1], folder, isTest: path.endsWith('.test.ts') || path.includes('/testing/') }
}
