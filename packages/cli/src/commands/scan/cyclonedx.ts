import type { FoundVulnerability, InstalledPlace, ScanResult } from '@countersign/service/scanning/judge-listing.ts'
import type { ListedPackage } from '@countersign/service/scanning/listing.ts'
import { formatPurl } from '@countersign/service/scanning/purl.ts'
import manifest from '../../../package.json' with { type: 'json' }

const RATINGS: Readonly<Record<string, string>> = { CRITICAL: 'critical', HIGH: 'high', MEDIUM: 'medium', LOW: 'low', MINIMAL: 'info' }
const METHODS = { 2: 'CVSSv2', 3: 'CVSSv3', 4: 'CVSSv4' } as const

/** A scan as CycloneDX 1.5: the packages as components, each with its package URL, and what is known of them as vulnerabilities. */
export function formatCycloneDx(name: string, { listing, findings, scannedAt }: ScanResult): unknown {
  const { digest, distribution, packages } = listing
  const refs = new Map<InstalledPlace, string>(packages.map((listed, index) => [listed, `${index}:${formatPurl(listed, distribution)}`]))
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: {
      timestamp: scannedAt,
      tools: { components: [{ type: 'application', name: 'countersign', version: manifest.version }] },
      component: { type: 'container', 'bom-ref': digest, name, version: digest },
    },
    components: packages.map((listed) => componentOf(listed, { ref: refs.get(listed) ?? '', purl: formatPurl(listed, distribution) })),
    vulnerabilities: findings.map((finding) => vulnerabilityOf(finding, refs)),
  }
}

function componentOf(
  { name, version, type, license, filePath }: ListedPackage,
  { ref, purl }: { readonly ref: string; readonly purl: string },
): unknown {
  const [group, artifact] = type === 'MAVEN' ? name.split(':') : []
  return {
    type: 'library',
    'bom-ref': ref,
    ...(group === undefined ? {} : { group }),
    name: artifact ?? name,
    version,
    ...(license === undefined ? {} : { licenses: [{ license: { name: license } }] }),
    purl,
    properties: [{ name: 'countersign:filePath', value: filePath }],
  }
}

function vulnerabilityOf(
  { id, effectiveSeverity, cvss, summary, issues, references }: FoundVulnerability,
  refs: ReadonlyMap<InstalledPlace, string>,
): unknown {
  const rated =
    cvss === undefined
      ? {}
      : { score: cvss.score, vector: cvss.vector, method: cvss.vector.startsWith('CVSS:3.1') ? 'CVSSv31' : METHODS[cvss.generation] }
  return {
    id,
    ratings: [{ severity: RATINGS[effectiveSeverity] ?? 'unknown', ...rated }],
    ...(summary === '' ? {} : { description: summary }),
    ...(references.length === 0 ? {} : { advisories: references.slice(0, 20).map((url) => ({ url })) }),
    recommendation: issues
      .map(({ package: name, fix }) => (fix.state === 'AVAILABLE' ? `Upgrade ${name} to ${fix.version}` : `${name} has no fix yet`))
      .join('; '),
    affects: issues.flatMap(({ installed }) => installed.map((listed) => ({ ref: refs.get(listed) ?? '' }))),
  }
}
