import { findPart, type Part } from '../../tools/parts.mjs'
import { type ChildOptions, plainEnvironment, startChild } from './child.ts'

/** A program that is here. */
export type PresentPart = Extract<Part, { found: true }>

/** Why a test that needs these programs cannot run, as node:test's `skip` wants it: the reason, or false. */
export function missingParts(...names: readonly string[]): string | false {
  const reasons = names.map(findPart).flatMap((part) => (part.found ? [] : [part.reason]))
  return reasons.length === 0 ? false : reasons.join('; ')
}

/** The program, for tests that `missingParts` let through. Throws where it is missing. */
export function getPart(name: string): PresentPart {
  const part = findPart(name)
  if (!part.found) throw new Error(`Cannot use ${name}: ${part.reason}`)
  return part
}

/** Runs a part to its end and gives its standard output; any other code than 0 throws with what it said. */
export async function runPart(name: string, args: readonly string[], options: Partial<ChildOptions> = {}): Promise<string> {
  const part = getPart(name)
  const child = startChild(part.path, args, { ...options, env: { ...plainEnvironment(part.env), ...options.env } })
  const { code, signal } = await child.ended
  if (code !== 0) throw new Error(`${name} ${args.join(' ')} ended with ${signal ?? `code ${code}`}: ${child.stderr()}${child.stdout()}`)
  return child.stdout()
}
