import { explainFinding, explainUndecided } from '@countersign/core/vulnerability/explain.ts'
import type { FindingRecord, UndecidedCause } from '@countersign/core/vulnerability/verdict.ts'
import type { SigningResult } from '@countersign/service/signing/sign-image.ts'
import manifest from '../../../package.json' with { type: 'json' }
import type { SignerOrder } from './read-order.ts'

const SCHEMA = 'https://json.schemastore.org/sarif-2.1.0.json'

/**
 * The check as SARIF 2.1.0, for code scanning: one result a finding, `fail` where it violates and `pass` where it does not, and one
 * `open` result for each reason why nothing could be concluded, so that a scan that did not end never looks like a clean one.
 */
export function formatSarif({ image }: SignerOrder, { check }: SigningResult): unknown {
  const findings = check?.verdict.findings ?? []
  const causes = check?.verdict.outcome === 'UNDECIDED' ? check.verdict.reasons : check?.verdict.outcome === 'VIOLATES' ? check.verdict.undecided : []
  const locations = [{ physicalLocation: { artifactLocation: { uri: image.resourceUri } } }]
  const rules = [...new Set([...findings.map(({ finding }) => finding.id), ...causes.map(({ code }) => code)])].map((id) => ({ id }))
  return {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'countersign', version: manifest.version, rules } },
        results: [...findings.map(resultOf), ...causes.map(openResultOf)].map((result) => ({ ...result, locations })),
      },
    ],
  }
}

function resultOf(record: FindingRecord): object {
  const { finding, outcome, decidedBy } = record
  const kind = outcome === 'VIOLATES' ? { kind: 'fail', level: 'error' } : { kind: 'pass', level: 'none' }
  return { ruleId: finding.id, ...kind, message: { text: explainFinding(record) }, properties: { decidedBy } }
}

function openResultOf(cause: UndecidedCause): object {
  return { ruleId: cause.code, kind: 'open', level: 'none', message: { text: explainUndecided(cause) } }
}
