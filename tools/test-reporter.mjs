import { relative } from 'node:path'
import { inspect } from 'node:util'

// What node:test says when a parent fails only because a child did: the child is reported already.
const childFailed = 'subtestsFailed'
const maxKept = 6_000

/**
 * A node:test reporter for programs: one JSON line a test that ended. Suites are not tests and are not counted, except one
 * that is skipped whole (its tests never report) and one that fails on its own account (a hook that threw). Nor is a file
 * a test: one without any passes for nothing.
 */
export default async function* report(source) {
  const printed = new Map()
  for await (const { type, data } of source) {
    if (type === 'test:stderr') printed.set(data.file, ((printed.get(data.file) ?? '') + data.message).slice(-maxKept))
    const line = toLine(type, data, printed)
    if (line !== undefined) yield `${JSON.stringify(line)}\n`
  }
}

function toLine(type, data, printed) {
  if (type !== 'test:pass' && type !== 'test:fail') return undefined
  const test = { name: data.name, file: data.file === undefined ? '' : relative(process.cwd(), data.file) }
  const skip = data.skip ?? data.todo
  if (skip !== undefined) return { outcome: 'skipped', ...test, reason: skip === true ? '' : String(skip) }
  const isWholeFile = data.name === data.file
  if (type === 'test:pass') return isWholeFile || data.details?.type === 'suite' ? undefined : { outcome: 'passed', ...test }
  const error = data.details?.error
  if (error?.failureType === childFailed) return undefined
  // A file that fails as a whole (it did not load, its process died) has told why on its standard error only.
  const ownWords = isWholeFile ? `\n${printed.get(data.file) ?? ''}` : ''
  return { outcome: 'failed', ...test, line: data.line, error: describe(error) + ownWords }
}

function describe(error) {
  const cause = error?.cause ?? error
  if (cause instanceof Error) return withoutInnerFrames(cause.stack ?? cause.message)
  return typeof cause === 'string' ? cause : inspect(cause)
}

/** The runner's own frames say nothing about the test. */
function withoutInnerFrames(stack) {
  return stack.replace(/^ +at .*\(?node:.*\n?/gm, '').trimEnd()
}
