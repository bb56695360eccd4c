import type { FoundVulnerability, ScanResult } from '@countersign/service/scanning/judge-listing.ts'
import manifest from '../../../package.json' with { type: 'json' }

const SCHEMA = 'https://json.schemastore.org/sarif-2.1.0.json'
const LEVELS: Readonly<Record<string, string>> = { CRITICAL: 'error', HIGH: 'error', MEDIUM: 'warning', LOW: 'note', MINIMAL: 'note' }

/** A scan as SARIF 2.1.0: one result a finding, at the files that tell of its packages, and one open result where nothing can be concluded. */
export function formatScanSarif(name: string, { findings, unsupported }: ScanResult): unknown {
  const rules = findings.map(({ id, summary, references, cvss }) => ({
    id,
    shortDescription: { text: summary || id },
    ...(references[0] === undefined ? {} : { helpUri: references[0] }),
    ...(cvss === undefined ? {} : { properties: { 'security-severity': cvss.score.toFixed(1) } }),
  }))
  const open =
    unsupported === undefined
      ? []
      : [{ ruleId: 'UNSUPPORTED', kind: 'open', level: 'none', message: { text: unsupported }, locations: placesOf([name]) }]
  const driver = { name: 'countersign', version: manifest.version, rules: [...rules, ...open.map(({ ruleId }) => ({ id: ruleId }))] }
  return {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [{ tool: { driver }, results: [...findings.map((finding) => resultOf(name, finding)), ...open] }],
  }
}

function resultOf(name: string, { id, effectiveSeverity, issues }: FoundVulnerability): unknown {
  const files = [...new Set(issues.flatMap(({ installed }) => installed.map(({ filePath }) => filePath)))]
  return {
    ruleId: id,
    kind: 'fail',
    level: LEVELS[effectiveSeverity] ?? 'warning',
    message: { text: issues.flatMap(({ explanations }) => explanations).join('; ') },
    locations: placesOf(files.slice(0, 20)),
    properties: { image: name, effectiveSeverity },
  }
}

function placesOf(files: readonly string[]): readonly unknown[] {
  return files.map((uri) => ({ physicalLocation: { artifactLocation: { uri: encodeURI(uri) } } }))
}
