import type { JsonObject } from '@countersign/core/json-object.ts'
import { parseRating } from '@countersign/core/vulnerability/severity.ts'
import type { PackageType } from '../listing.ts'
import { objectsIn, textIn, textsIn, type ToldMatch, type ToldScan } from './told.ts'

const TYPES: Readonly<Record<string, PackageType>> = {
  apk: 'OS',
  deb: 'OS',
  rpm: 'OS',
  'go-module': 'GO',
  'java-archive': 'MAVEN',
  npm: 'NPM',
  python: 'PYPI',
}

/** Reads what `grype -o json` writes. It tells of what it matched only, so what it looked at is known by the kinds of its matches, and the system's by its name. */
export function readGrype(tree: JsonObject): ToldScan {
  const matches = objectsIn(tree, 'matches').flatMap(matchOf)
  const target = (tree['source'] as JsonObject | undefined)?.['target']
  const digests = [textIn(target, 'manifestDigest'), ...textsIn(target, 'repoDigests').flatMap((name) => name.split('@')[1] ?? [])]
  const [id, version] = [textIn(tree, 'distro', 'name'), textIn(tree, 'distro', 'version')]
  return {
    scanner: 'grype',
    digests: digests.filter((digest) => digest !== ''),
    ...(id === '' ? {} : { distribution: { id, version, prettyName: `${id} ${version}` } }),
    analysed: [...new Set([...(id === '' ? [] : (['OS'] as const)), ...matches.map(({ packageType }) => packageType)])],
    matches,
  }
}

function matchOf(match: JsonObject): readonly ToldMatch[] {
  const { vulnerability, artifact } = match
  const packageType = TYPES[textIn(artifact, 'type')]
  if (packageType === undefined) return []
  const isLibrary = packageType === 'GO' && textIn(artifact, 'name') === 'stdlib'
  const severity = parseRating(textIn(vulnerability, 'severity'))
  const fixedIn = textIn(vulnerability, 'fix', 'state') === 'fixed' ? textsIn((vulnerability as JsonObject)['fix'], 'versions')[0] : undefined
  return [
    {
      id: textIn(vulnerability, 'id'),
      aliases: objectsIn(match, 'relatedVulnerabilities').map(({ id }) => (typeof id === 'string' ? id : '')),
      packageType: isLibrary ? 'GO_STDLIB' : packageType,
      name: isLibrary ? 'go' : textIn(artifact, 'name'),
      version: textIn(artifact, 'version'),
      ...(fixedIn === undefined ? {} : { fixedIn }),
      ...(severity === undefined ? {} : { severity }),
      vectors: [vulnerability, ...objectsIn(match, 'relatedVulnerabilities')].flatMap((one) =>
        objectsIn(one, 'cvss').map((scored) => textIn(scored, 'vector')),
      ),
      summary: textIn(vulnerability, 'description').split('\n')[0] ?? '',
      details: textIn(vulnerability, 'description'),
      references: [textIn(vulnerability, 'dataSource'), ...textsIn(vulnerability, 'urls')].filter((url) => url !== ''),
      filePath: objectsIn(artifact, 'locations').map((place) => textIn(place, 'path'))[0] ?? '',
    },
  ]
}
