import type { Issue, Parsed } from '@countersign/core/parsed.ts'
import type { PolicyEnvelope } from '@countersign/core/policy/parse.ts'
import { parsePolicyEnvelope } from '@countersign/core/policy/parse.ts'
import type { YamlDocument } from './yaml.ts'
import { parseYamlDocuments } from './yaml.ts'

/** What a policy file is written in, by its name's ending. */
export type PolicyFileFormat = 'yaml' | 'json'

/**
 * Parses a policy file: the text's own faults, or everything that is wrong with the policy, each with line and column. One document, no
 * aliases. Name, etag and update time, which an export carries, come back beside the policy (binary-authorization.md §1.8).
 */
export function parsePolicyFile(text: string, { format }: { readonly format: PolicyFileFormat }): Parsed<PolicyEnvelope> {
  const parsed = parseYamlDocuments(text, { aliases: 'refuse' })
  if (!parsed.ok) return parsed
  const [document, second] = parsed.value
  if (document?.tree === undefined) return refuse('The policy file is empty: expected at least defaultAdmissionRule')
  if (second !== undefined)
    return { ok: false, issues: [{ path: [], message: 'The policy file has more than one document, expected one', ...second.positionOf([]) }] }
  if (format === 'json' && !isJson(text))
    return refuse('The policy file is not JSON, though its name ends in .json: rename it to .yaml or write it as JSON')
  return withPositions(parsePolicyEnvelope(document.tree), document)
}

/** Adds to each issue and note the place where its path stands in the text. */
function withPositions<T>(parsed: Parsed<T>, document: YamlDocument): Parsed<T> {
  const place = (issue: Issue): Issue => ({ ...issue, ...document.positionOf(issue.path) })
  if (!parsed.ok) return { ok: false, issues: parsed.issues.map(place) }
  return parsed.notes === undefined ? parsed : { ...parsed, notes: parsed.notes.map(place) }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function refuse(message: string): Parsed<never> {
  return { ok: false, issues: [{ path: [], message }] }
}
