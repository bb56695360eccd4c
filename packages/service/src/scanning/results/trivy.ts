import type { JsonObject } from '@countersign/core/json-object.ts'
import { isJsonObject } from '@countersign/core/json-object.ts'
import { parseRating } from '@countersign/core/vulnerability/severity.ts'
import type { PackageType } from '../listing.ts'
import { objectsIn, textIn, textsIn, type ToldMatch, type ToldScan } from './told.ts'

/** Trivy's kinds of packages of languages; everything of class `os-pkgs` is the system's. */
const TYPES: Readonly<Record<string, PackageType>> = {
  gobinary: 'GO',
  gomod: 'GO',
  jar: 'MAVEN',
  pom: 'MAVEN',
  'node-pkg': 'NPM',
  npm: 'NPM',
  yarn: 'NPM',
  pnpm: 'NPM',
  'python-pkg': 'PYPI',
  pip: 'PYPI',
  poetry: 'PYPI',
}

/** Reads what `trivy image --format json` writes (its report of schema version 2). What it says of other kinds of packages is left out. */
export function readTrivy(tree: JsonObject): ToldScan {
  const results = objectsIn(tree, 'Results').flatMap((result) => {
    const type = textIn(result, 'Class') === 'os-pkgs' ? 'OS' : TYPES[textIn(result, 'Type')]
    return type === undefined ? [] : [{ result, type } as const]
  })
  const os = textIn(tree, 'Metadata', 'OS', 'Family')
  const digests = textsIn(tree['Metadata'], 'RepoDigests').flatMap((name) => name.split('@')[1] ?? [])
  const version = textIn(tree, 'Metadata', 'OS', 'Name')
  return {
    scanner: 'trivy',
    digests,
    ...(os === '' ? {} : { distribution: { id: os, version, prettyName: `${os} ${version}` } }),
    analysed: [...new Set(results.map(({ type }) => type))],
    matches: results.flatMap(({ result, type }) => objectsIn(result, 'Vulnerabilities').map((told) => matchOf(told, type, textIn(result, 'Target')))),
  }
}

function matchOf(told: JsonObject, type: PackageType, target: string): ToldMatch {
  const [name, fixedIn, published] = [textIn(told, 'PkgName'), textIn(told, 'FixedVersion'), textIn(told, 'PublishedDate')]
  const severity = parseRating(textIn(told, 'Severity'))
  return {
    id: textIn(told, 'VulnerabilityID'),
    aliases: textsIn(told, 'VendorIDs'),
    packageType: type === 'GO' && name === 'stdlib' ? 'GO_STDLIB' : type,
    name: type === 'GO' && name === 'stdlib' ? 'go' : name,
    version: textIn(told, 'InstalledVersion'),
    ...(fixedIn === '' ? {} : { fixedIn }),
    ...(severity === undefined ? {} : { severity }),
    vectors: vectorsOf(told['CVSS']),
    summary: textIn(told, 'Title'),
    details: textIn(told, 'Description'),
    references: [textIn(told, 'PrimaryURL'), ...textsIn(told, 'References')].filter((url) => url !== ''),
    ...(published === '' ? {} : { published }),
    filePath: textIn(told, 'PkgPath') || (type === 'OS' ? '' : target),
  }
}

/** By who scored it: NVD, GitHub, the distribution. */
function vectorsOf(scored: unknown): readonly string[] {
  if (!isJsonObject(scored)) return []
  return Object.values(scored).flatMap((by) =>
    ['V40Vector', 'V3Vector', 'V2Vector'].map((member) => textIn(by, member)).filter((vector) => vector !== ''),
  )
}
