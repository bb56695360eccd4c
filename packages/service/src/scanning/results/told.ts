import { scoreCvss } from '@countersign/advisories/record/cvss.ts'
import { isJsonObject, type JsonObject } from '@countersign/core/json-object.ts'
import { concludeSeverity, gravestOf, type Severity } from '@countersign/core/vulnerability/severity.ts'
import type { FoundIssue, FoundVulnerability } from '../judge-listing.ts'
import type { Distribution, PackageType } from '../listing.ts'

/** One vulnerability in one package, as another scanner tells it. */
export interface ToldMatch {
  readonly id: string
  readonly aliases: readonly string[]
  readonly packageType: PackageType
  readonly name: string
  readonly version: string
  readonly fixedIn?: string
  /** The scanner's own word. */
  readonly severity?: Severity
  readonly vectors: readonly string[]
  readonly summary: string
  readonly details: string
  readonly references: readonly string[]
  readonly published?: string
  readonly filePath: string
}

/** What another scanner found in one image. */
export interface ToldScan {
  readonly scanner: string
  /** Digests that the scanner names the image by; none where it does not say. */
  readonly digests: readonly string[]
  readonly distribution?: Distribution
  readonly analysed: readonly PackageType[]
  readonly matches: readonly ToldMatch[]
}

/** One finding a vulnerability, as of our own scans; the severity is the other scanner's, without one that of the score. */
export function findingsOf({ scanner, matches }: ToldScan): readonly FoundVulnerability[] {
  const byId = Map.groupBy(matches, primaryIdOf)
  return [...byId].map(([id, told]) => findingOf(id, told, scanner))
}

/** The CVE where there is one: another scanner may call it by GitHub's or the distribution's name. */
function primaryIdOf({ id, aliases }: ToldMatch): string {
  return [id, ...aliases].find((name) => name.startsWith('CVE-')) ?? id
}

function findingOf(id: string, told: readonly ToldMatch[], scanner: string): FoundVulnerability {
  const [score] = told
    .flatMap(({ vectors }) => vectors)
    .flatMap((vector) => {
      const scored = scoreCvss(vector)
      return scored === undefined ? [] : [{ ...scored, vector }]
    })
    .sort((one, other) => other.generation - one.generation || other.score - one.score)
  const numbers = score === undefined ? {} : score.generation === 2 ? { cvssV2: score.score } : { cvssV3: score.score }
  const byScore = concludeSeverity({ packageKind: 'LANGUAGE', ...numbers })
  const issues = [...Map.groupBy(told, ({ name, version, packageType }) => `${packageType}\n${name}\n${version}`).values()].map((group) =>
    issueOf(group, scanner, byScore),
  )
  const severities = issues
    .map(({ effectiveSeverity }) => effectiveSeverity)
    .filter((one) => one !== 'SEVERITY_UNSPECIFIED' && one !== 'UNRECOGNIZED')
  const [first] = told
  return {
    id,
    aliases: [...new Set(told.flatMap((match) => [match.id, ...match.aliases]))].filter((name) => name !== id),
    noteName: `projects/goog-vulnz/notes/${id}`,
    effectiveSeverity: gravestOf(severities) ?? 'SEVERITY_UNSPECIFIED',
    severity: byScore,
    issues,
    summary: first?.summary ?? '',
    details: first?.details ?? '',
    references: [...new Set(told.flatMap(({ references }) => references))],
    ...(first?.published === undefined ? {} : { published: first.published }),
    ...(score === undefined ? {} : { cvss: score }),
  }
}

function issueOf(group: readonly ToldMatch[], scanner: string, byScore: FoundIssue['effectiveSeverity']): FoundIssue {
  const { name = '', version = '', packageType = 'OS', id = '' } = group[0] ?? {}
  const fixedIn = group.find((match) => match.fixedIn !== undefined)?.fixedIn
  return {
    package: name,
    version,
    packageType,
    effectiveSeverity: gravestOf(group.flatMap(({ severity }) => severity ?? [])) ?? byScore,
    fix: fixedIn === undefined ? { state: 'NONE' } : { state: 'AVAILABLE', version: fixedIn },
    explanations: [`${name} ${version}, ${fixedIn === undefined ? 'no fix yet' : `fixed in ${fixedIn}`}, ${id}, says ${scanner}`],
    installed: [...new Set(group.map(({ filePath }) => filePath))].map((filePath) => ({ name, version, filePath })),
  }
}

/** A member that is a text, or the empty one. */
export function textIn(tree: unknown, ...path: readonly string[]): string {
  const value = path.reduce<unknown>((inner, step) => (isJsonObject(inner) && Object.hasOwn(inner, step) ? inner[step] : undefined), tree)
  return typeof value === 'string' ? value.slice(0, 100_000) : ''
}

/** The objects of a member that is a list. */
export function objectsIn(tree: unknown, member: string): readonly JsonObject[] {
  const value = isJsonObject(tree) ? tree[member] : undefined
  return Array.isArray(value) ? value.filter(isJsonObject) : []
}

/** The texts of a member that is a list. */
export function textsIn(tree: unknown, member: string): readonly string[] {
  const value = isJsonObject(tree) ? tree[member] : undefined
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}
