import { formatIssue, type Issue } from '@countersign/core/parsed.ts'

/** An issue with its file before it, as compilers and editors write places. */
export function formatAt(file: string, issue: Issue): string {
  return `${file === '-' ? 'stdin' : file}:${issue.line === undefined ? ' ' : ''}${formatIssue(issue)}`
}
