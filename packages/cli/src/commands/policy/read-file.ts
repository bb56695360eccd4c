import { parsePolicyFile } from '@countersign/api/file/policy-file.ts'
import type { Issue } from '@countersign/core/parsed.ts'
import type { PolicyEnvelope } from '@countersign/core/policy/parse.ts'
import type { Context } from '../../context.ts'
import { formatAt } from '../../output/issue.ts'
import { type Terminal, UsageError } from '../../terminal.ts'

/** A policy file that is valid, and what is seldom meant in it. */
export interface PolicyFile {
  readonly envelope: PolicyEnvelope
  readonly notes: readonly Issue[]
}

/**
 * Reads a policy file (`-` for standard input). Where it is not valid every issue is told as `file:line:column: …`, and a
 * UsageError says how many.
 */
export async function readPolicyFile(terminal: Terminal, file: string): Promise<PolicyFile> {
  const bytes = file === '-' ? await terminal.readInput() : await terminal.files.read(file)
  const parsed = parsePolicyFile(new TextDecoder().decode(bytes), { format: file.endsWith('.json') ? 'json' : 'yaml' })
  if (parsed.ok) return { envelope: parsed.value, notes: parsed.notes ?? [] }
  for (const issue of parsed.issues.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0)))
    terminal.say(formatAt(file, issue))
  const count = parsed.issues.length === 1 ? '1 issue' : `${parsed.issues.length} issues`
  throw new UsageError(`Policy file "${file}" is not valid: ${count}`)
}

/** Tells what is allowed but seldom meant. */
export function tellNotes({ terminal }: Context, file: string, notes: readonly Issue[]): void {
  for (const note of notes) terminal.say(`WARNING: ${formatAt(file, note)}`)
}
