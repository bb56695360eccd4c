import { versionOrder } from '@countersign/advisories/ecosystem.ts'
import { explainMatch } from '@countersign/advisories/match/explain.ts'
import { type Match, matchPackage } from '@countersign/advisories/match/match.ts'
import { type Advisory, primaryId } from '@countersign/advisories/record/advisory.ts'
import { type CvssScore, scoreCvss } from '@countersign/advisories/record/cvss.ts'
import type { Finding, FixState, PackageIssue } from '@countersign/core/vulnerability/finding.ts'
import { concludeSeverity, gravestOf, rankOf, type ReportedSeverity, type Severity } from '@countersign/core/vulnerability/severity.ts'
import type { Almanac } from './almanac.ts'
import type { ImageListing, ListedPackage, PackageType } from './listing.ts'

/** Where an affected package lies. */
export interface InstalledPlace {
  readonly name: string
  readonly version: string
  /** Empty where whoever found it does not say. */
  readonly filePath: string
  readonly layer?: number
}

/** An affected package, and how we know. */
export interface FoundIssue extends PackageIssue {
  readonly packageType: PackageType
  readonly version: string
  /** `openssl 3.0.11-1 < 3.0.13-1, DSA-5678-1`: one sentence an advisory. */
  readonly explanations: readonly string[]
  /** The installed packages: of a distribution's source all that were built from it. */
  readonly installed: readonly InstalledPlace[]
}

/** A vulnerability that is in an image. */
export interface FoundVulnerability extends Finding {
  readonly issues: readonly FoundIssue[]
  readonly summary: string
  readonly details: string
  readonly references: readonly string[]
  readonly published?: string
  readonly cvss?: CvssScore & { readonly vector: string }
}

/** What a scan found. */
export interface ScanResult {
  readonly listing: ImageListing
  /** Gravest first, then by id. */
  readonly findings: readonly FoundVulnerability[]
  /** The kinds of packages that were judged: those of which a feed speaks. */
  readonly analysed: readonly PackageType[]
  /** What was not read or not judged, in sentences. */
  readonly problems: readonly string[]
  /** Why nothing can be concluded about the image: its system, or all that is in it, could not be judged. Findings are then some of several. */
  readonly unsupported?: string
  readonly scannedAt: string
}

/** Judges what is in an image by what is known: one finding a vulnerability, one issue a package in one version (kritis-and-grafeas.md §5.2, §5.3). */
export function judgeListing(listing: ImageListing, almanac: Almanac, scannedAt: string): ScanResult {
  const found = new Map<string, Hit[]>()
  for (const installed of listing.packages) {
    for (const match of matchPackage(almanac.index, installed)) {
      const id = primaryId(match.advisory)
      const hits = found.get(id)
      if (hits === undefined) found.set(id, [{ match, installed }])
      else hits.push({ match, installed })
    }
  }
  const findings = [...found].map(([id, hits]) => conclude(id, hits, almanac))
  return { listing, findings: findings.sort(byGravity), ...coverageOf(listing, almanac), scannedAt }
}

function coverageOf(listing: ImageListing, almanac: Almanac): Pick<ScanResult, 'analysed' | 'problems' | 'unsupported'> {
  const groups = groupBy(listing.packages, ({ ecosystem: { name, release = '' } }) => `${name} ${release}`.trim())
  const unjudged = groups.filter(([{ ecosystem }]) => !almanac.speaksOf(ecosystem))
  const analysed = new Set(groups.filter((group) => !unjudged.includes(group)).flatMap((group) => group.map(({ type }) => type)))
  const silences = unjudged.map(
    (group) =>
      `no feed speaks of ${group[0].ecosystem.name} ${group[0].ecosystem.release ?? ''}`.trim() + `, its ${group.length} packages were not judged`,
  )
  const ofSystem = unjudged.findIndex(([{ type }]) => type === 'OS')
  const nothing = listing.packages.length === 0 ? 'no packages were found in it' : analysed.size === 0 ? silences[0] : undefined
  const unsupported = listing.unsupported ?? silences[ofSystem] ?? nothing
  const problems = [...listing.problems, ...silences.filter((silence) => silence !== unsupported)]
  return { analysed: [...analysed].sort(), problems, ...(unsupported === undefined ? {} : { unsupported }) }
}

interface Hit {
  readonly match: Match
  readonly installed: ListedPackage
}

function conclude(id: string, hits: readonly Hit[], almanac: Almanac): FoundVulnerability {
  const advisories = [...new Set(hits.map(({ match }) => match.advisory))]
  const names = [...new Set(advisories.flatMap((advisory) => [advisory.id, ...advisory.aliases]))]
  const scores = scoresOf([...new Set([...advisories.flatMap(({ cvssVectors }) => cvssVectors), ...names.flatMap(almanac.vectorsOf)])])
  const issues = groupBy(hits, ({ match: { compared }, installed: { type } }) => `${type}\n${compared.name}\n${compared.version}`).map((group) =>
    issueOf(group, scores),
  )
  const cvss = scores.v4 ?? scores.v3 ?? scores.v2
  const [first] = advisories
  return {
    id,
    aliases: names.filter((name) => name !== id),
    noteName: `projects/goog-vulnz/notes/${noteIdOf(id)}`,
    effectiveSeverity: gravestOf(issues.map(({ effectiveSeverity }) => effectiveSeverity).filter(isKnown)) ?? 'SEVERITY_UNSPECIFIED',
    severity: concludeSeverity({ packageKind: 'LANGUAGE', ...numbersOf(scores) }),
    issues,
    summary: longest(advisories, ({ summary }) => summary) || (longest(advisories, ({ details }) => details).split('\n')[0] ?? ''),
    details: longest(advisories, ({ details }) => details),
    references: [...new Set(advisories.flatMap(({ references }) => references))],
    ...(first?.published === undefined ? {} : { published: first.published }),
    ...(cvss === undefined ? {} : { cvss }),
  }
}

function issueOf(hits: readonly [Hit, ...Hit[]], scores: Scores): FoundIssue {
  const [{ match: first, installed }] = hits
  const ratings = hits.flatMap(({ match: { advisory, affected } }) => affected.rating ?? advisory.rating ?? [])
  const rating = gravestOf(ratings)
  const own = installed.type === 'OS' ? present({ distribution: rating }) : present({ advisory: rating })
  const packageKind = installed.type === 'OS' ? 'OS' : 'LANGUAGE'
  return {
    // The standard library is "go" where Container Analysis tells of it (§5.2).
    package: installed.type === 'GO_STDLIB' ? 'go' : first.compared.name,
    version: first.compared.version,
    packageType: installed.type,
    effectiveSeverity: concludeSeverity({ packageKind, ...own, ...numbersOf(scores) }),
    fix: fixOf(hits.map(({ match }) => match)),
    explanations: [...new Set(hits.map(({ match }) => explainMatch(match)))],
    installed: [...new Set(hits.map((hit) => hit.installed))],
  }
}

/** Where advisories name several fixes, only the last mends all. One that knows of no fix does not undo another's. */
function fixOf(matches: readonly Match[]): FixState {
  const versions = matches.flatMap(({ affected, because, compared }) => {
    const order = versionOrder(affected.ecosystem.name)
    if (because.kind === 'IN_RANGE') return because.range.end.kind === 'FIXED' ? [{ order, version: because.range.end.version }] : []
    const ends = affected.ranges.flatMap(({ end }) => (end.kind === 'FIXED' ? [end.version] : []))
    const later = ends.filter((end) => (order(compared.version, end) ?? 0) < 0).sort((one, other) => order(one, other) ?? 0)
    return later[0] === undefined ? [] : [{ order, version: later[0] }]
  })
  const last = versions.reduce<(typeof versions)[number] | undefined>(
    (best, one) => (best === undefined || (one.order(best.version, one.version) ?? 0) < 0 ? one : best),
    undefined,
  )
  return last === undefined ? { state: 'NONE' } : { state: 'AVAILABLE', version: last.version }
}

type Scored = CvssScore & { readonly vector: string }

interface Scores {
  readonly v2?: Scored
  readonly v3?: Scored
  readonly v4?: Scored
}

/** The highest score of each generation: those who score differ, and the graver word counts. */
function scoresOf(vectors: readonly string[]): Scores {
  const scored = vectors.flatMap((vector) => {
    const score = scoreCvss(vector)
    return score === undefined ? [] : [{ ...score, vector }]
  })
  const highest = (generation: CvssScore['generation']): Scored | undefined =>
    scored
      .filter((one) => one.generation === generation)
      .reduce<Scored | undefined>((best, one) => (best !== undefined && best.score >= one.score ? best : one), undefined)
  return present({ v2: highest(2), v3: highest(3), v4: highest(4) })
}

/** Version 4 has the ranges of version 3, and stands in where only it was published. */
function numbersOf({ v2, v3, v4 }: Scores): { readonly cvssV2?: number; readonly cvssV3?: number } {
  return present({ cvssV2: v2?.score, cvssV3: v3?.score ?? v4?.score })
}

/** Only the letters that a note's id may have. */
function noteIdOf(id: string): string {
  return id.replaceAll(/[^A-Za-z0-9._-]/g, '-').slice(0, 128)
}

function byGravity(one: Finding, other: Finding): number {
  const rank = ({ effectiveSeverity }: Finding): number => (isKnown(effectiveSeverity) ? rankOf(effectiveSeverity) : 0)
  return rank(other) - rank(one) || (one.id < other.id ? -1 : 1)
}

function isKnown(severity: ReportedSeverity): severity is Severity {
  return severity !== 'SEVERITY_UNSPECIFIED' && severity !== 'UNRECOGNIZED'
}

function longest(advisories: readonly Advisory[], textOf: (advisory: Advisory) => string): string {
  return advisories.map(textOf).reduce((best, text) => (text.length > best.length ? text : best), '')
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): readonly (readonly [T, ...T[]])[] {
  const groups = new Map<string, [T, ...T[]]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group === undefined) groups.set(keyOf(item), [item])
    else group.push(item)
  }
  return [...groups.values()]
}

type Present<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> }

function present<T extends object>(members: T): Present<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Present<T>
}
