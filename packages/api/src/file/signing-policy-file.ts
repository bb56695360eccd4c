import type { Issue, Parsed } from '@countersign/core/parsed.ts'
import type { SigningPolicyReading } from '@countersign/core/vulnerability/parse-signing-policy.ts'
import { parseSigningPolicy } from '@countersign/core/vulnerability/parse-signing-policy.ts'
import type { SigningPolicy } from '@countersign/core/vulnerability/signing-policy.ts'
import { parseYamlDocuments } from './yaml.ts'

/**
 * Parses a file with a `VulnzSigningPolicy`, YAML or JSON: the text's own faults, or everything that is wrong with the policy, each
 * with line and column.
 *
 * Strictly: one document, no aliases. As kritis: of many documents the first (kritis-and-grafeas.md §1.3), aliases followed; a file
 * without any ends with its word, `EOF`. Duplicate keys are refused in both readings: which of two thresholds holds must not depend
 * on the reader.
 */
export function parseSigningPolicyFile(
  text: string,
  { reading }: { readonly reading: SigningPolicyReading } = { reading: 'STRICT' },
): Parsed<SigningPolicy> {
  const parsed = parseYamlDocuments(text, reading === 'STRICT' ? { aliases: 'refuse' } : {})
  if (!parsed.ok) return parsed
  const [document, second] = parsed.value
  if (document?.tree === undefined) return refuse(reading === 'STRICT' ? EMPTY : 'EOF')
  if (second !== undefined && reading === 'STRICT') return refuse(SEVERAL, second.positionOf([]))
  const policy = parseSigningPolicy(document.tree, { reading })
  if (policy.ok) return policy
  return { ok: false, issues: policy.issues.map((issue): Issue => ({ ...issue, ...document.positionOf(issue.path) })) }
}

const EMPTY = 'The signing policy file is empty: expected at least apiVersion, kind, metadata and spec'
const SEVERAL = 'The signing policy file has more than one document, expected one'

function refuse(message: string, position: Pick<Issue, 'line' | 'column'> = {}): Parsed<never> {
  return { ok: false, issues: [{ path: [], message, ...position }] }
}
