import { isWithin, rankOf, SEVERITIES, type Severity } from '@countersign/core/vulnerability/severity.ts'
import type { FoundIssue, FoundVulnerability, ScanResult } from '@countersign/service/scanning/judge-listing.ts'
import type { Context } from '../../context.ts'
import { formatJson } from '../../output/format.ts'
import { formatBox } from '../../output/table.ts'
import { EXIT, type ExitCode, printable, UsageError } from '../../terminal.ts'
import { formatCycloneDx } from './cyclonedx.ts'
import { formatScanSarif } from './sarif.ts'

/** From which severity on a vulnerability fails the command. ANY is every one, those of unknown severity included. */
export type FailOn = Severity | 'ANY' | undefined

/** Reads `--fail-on`. */
export function parseFailOn(text: string | undefined): FailOn {
  if (text === undefined) return undefined
  const word = text.toUpperCase()
  const known = word === 'ANY' ? word : SEVERITIES.find((severity) => severity === word)
  if (known !== undefined) return known
  throw new UsageError(`Option --fail-on is "${text}", expected ${SEVERITIES.join(', ')} or ANY`)
}

/** Fails for a format that is not known before anything is read. */
export function requireFormat(context: Context): void {
  if (context.askedFormat !== 'sarif' && context.askedFormat !== 'cyclonedx') context.format('table')
}

/** 3 where nothing can be concluded, unless what was found is enough to fail. What has no severity is told, and fails only ANY. */
export function exitCodeOf({ terminal }: Context, { findings, unsupported }: ScanResult, failOn: FailOn): ExitCode {
  if (failOn !== undefined && findings.some((finding) => isAsGrave(finding, failOn))) return EXIT.NO
  const unrated = findings.filter(({ effectiveSeverity }) => effectiveSeverity === 'SEVERITY_UNSPECIFIED').length
  if (failOn !== undefined && unrated > 0)
    terminal.say(`WARNING: ${unrated} findings have no severity in any feed and were not counted; --fail-on ANY counts them`)
  if (unsupported === undefined) return EXIT.YES
  terminal.say(`ERROR: Nothing can be concluded about the image: ${unsupported}`)
  return EXIT.UNDECIDED
}

/** Shows a scan: a table by default. */
export async function showScan(context: Context, name: string, result: ScanResult): Promise<void> {
  const { terminal } = context
  for (const problem of result.problems) terminal.say(`WARNING: ${problem}`)
  if (context.askedFormat === 'sarif') return terminal.write(formatJson(formatScanSarif(name, result), 2))
  if (context.askedFormat === 'cyclonedx') return terminal.write(formatJson(formatCycloneDx(name, result), 2))
  if (context.format('table').kind !== 'table') return await context.showOne(treeOf(name, result))
  const { packages, distribution } = result.listing
  terminal.write(
    printable(`${name}\n${packages.length} packages${distribution === undefined ? '' : `, ${distribution.prettyName}`}; ${countsOf(result)}\n`),
  )
  const rows = result.findings.flatMap((finding) => finding.issues.map((issue) => ({ finding, issue })))
  if (rows.length > 0) terminal.write(formatBox(rows, COLUMNS))
}

const COLUMNS = [
  { heading: 'SEVERITY', value: 'issue.effectiveSeverity' },
  { heading: 'VULNERABILITY', value: 'finding.id' },
  { heading: 'PACKAGE', value: 'issue.package' },
  { heading: 'VERSION', value: 'issue.version' },
  { heading: 'FIXED IN', value: (row: unknown) => fixedIn((row as { readonly issue: FoundIssue }).issue) },
  { heading: 'WHY', value: (row: unknown) => (row as { readonly issue: FoundIssue }).issue.explanations.join('; ') },
]

function fixedIn({ fix }: FoundIssue): string {
  return fix.state === 'AVAILABLE' ? fix.version : ''
}

function isAsGrave({ effectiveSeverity }: FoundVulnerability, failOn: Severity | 'ANY'): boolean {
  if (failOn === 'ANY') return true
  return (
    effectiveSeverity !== 'SEVERITY_UNSPECIFIED' &&
    effectiveSeverity !== 'UNRECOGNIZED' &&
    (rankOf(effectiveSeverity) === rankOf(failOn) || !isWithin(effectiveSeverity, failOn))
  )
}

function countsOf({ findings }: ScanResult): string {
  if (findings.length === 0) return 'no vulnerability is known'
  const counts = [...SEVERITIES.toReversed(), 'SEVERITY_UNSPECIFIED' as const].flatMap((severity) => {
    const count = findings.filter(({ effectiveSeverity }) => effectiveSeverity === severity).length
    return count === 0 ? [] : [`${count} ${severity === 'SEVERITY_UNSPECIFIED' ? 'of unknown severity' : severity}`]
  })
  return `${findings.length} ${findings.length === 1 ? 'vulnerability' : 'vulnerabilities'}: ${counts.join(', ')}`
}

function treeOf(name: string, { listing, findings, analysed, problems, unsupported, scannedAt }: ScanResult): unknown {
  return {
    image: name,
    digest: listing.digest,
    ...(listing.platform === undefined ? {} : { platform: listing.platform }),
    ...(listing.distribution === undefined ? {} : { distribution: listing.distribution }),
    scannedAt,
    analysed,
    ...(unsupported === undefined ? {} : { unsupported }),
    problems,
    findings: findings.map(({ issues, ...finding }) => ({ ...finding, issues: issues.map(issueTree) })),
    packages: listing.packages,
  }
}

function issueTree({ installed, ...issue }: FoundIssue): unknown {
  return { ...issue, installed: installed.map(({ name, version, filePath, layer }) => ({ name, version, filePath, layer })) }
}
