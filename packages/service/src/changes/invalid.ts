import type { Issue, Parsed } from '@countersign/core/parsed.ts'
import { formatIssue } from '@countersign/core/parsed.ts'
import { StatusError } from '@countersign/core/status.ts'

const MAX_ISSUES = 50

/** The value of what a parser gave, or INVALID_ARGUMENT that tells every issue (at most 50), each with its path. */
export function getValue<T>(parsed: Parsed<T>, what?: string): T {
  if (parsed.ok) return parsed.value
  throw invalid(parsed.issues, what)
}

/** INVALID_ARGUMENT for these issues. `what` opens the message, such as `Policy is not valid`; absent: the issues alone. */
export function invalid(issues: readonly Issue[], what?: string): StatusError {
  const shown = issues.slice(0, MAX_ISSUES).map(formatIssue)
  const rest = issues.length > MAX_ISSUES ? [`and ${issues.length - MAX_ISSUES} more`] : []
  return new StatusError('INVALID_ARGUMENT', `${what === undefined ? '' : `${what}: `}${[...shown, ...rest].join('; ')}`)
}
