import { formatCanonicalJson } from '@countersign/evidence/record/canonical-json.ts'
import { quote } from '@countersign/core/quote.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { Message } from './message.ts'
import { isMessage } from './message.ts'

/** Where a mask leads: member names, from the top. */
export type MaskPath = readonly [string, ...string[]]

/** What an update of one kind of resource may touch, as top members of its message. */
export interface UpdateRules {
  readonly resource: string
  readonly writable: readonly string[]
  readonly immutable: readonly string[]
}

/** No message nests deeper; a mask that does is hostile. */
const MAX_DEPTH = 16

/**
 * The paths that an update writes (AIP-134): those of the mask, or without a mask the top members that the body holds; `*` means all.
 * Paths come in snake_case or camelCase. INVALID_ARGUMENT for a path that begins with no field of the resource.
 */
export function updatedPaths(rules: UpdateRules, body: Message, mask: readonly string[]): readonly MaskPath[] {
  const known = [...rules.writable, ...rules.immutable]
  const topPath = (member: string): MaskPath => [member]
  if (mask.length === 0) return known.filter((member) => body[member] !== undefined).map(topPath)
  if (mask.includes('*')) return known.map(topPath)
  const paths = mask.map(parsePath)
  const strange = mask.filter((_, index) => !isKnown(paths[index], known))
  if (strange.length > 0) throw strangeMask(rules, strange)
  return paths
}

/** INVALID_ARGUMENT that says which of the immutable members an update would change. One that is sent back as it is changes nothing. */
export function refuseImmutable(
  rules: UpdateRules,
  change: { readonly stored: Message; readonly body: Message; readonly paths: readonly MaskPath[] },
): void {
  const { stored, body, paths } = change
  const form = (value: unknown): string => formatCanonicalJson([value ?? null])
  const touched = [...new Set(paths.map(([member]) => member))].filter((member) => rules.immutable.includes(member))
  const changed = touched.filter((member) => form(stored[member]) !== form(body[member]))
  if (changed.length === 0) return
  const resource = rules.resource.toLowerCase()
  throw new StatusError(
    'INVALID_ARGUMENT',
    `Cannot update ${resource} "${String(stored['name'])}": ${changed.join(', ')} cannot change, create another ${resource}`,
  )
}

/** The message with what these paths lead to taken from the body; what the body lacks is cleared. INVALID_ARGUMENT for a path into a list. */
export function mergePaths(message: Message, body: Message, paths: readonly MaskPath[]): Message {
  return paths.reduce((merged, path) => takePath(merged, body, path), message)
}

function takePath(message: Message, body: Message, [member, ...rest]: MaskPath): Message {
  const [next, ...deeper] = rest
  const [before, given] = [message[member], body[member]]
  if (next === undefined) return withMember(message, member, given)
  if (Array.isArray(before) || Array.isArray(given)) {
    throw new StatusError('INVALID_ARGUMENT', `update mask is not valid: ${quote(member)} is a list, expected a path that ends there`)
  }
  if (before === undefined && given === undefined) return message
  return withMember(message, member, takePath(isMessage(before) ? before : {}, isMessage(given) ? given : {}, [next, ...deeper]))
}

function withMember(message: Message, member: string, value: unknown): Message {
  const kept = Object.entries(message).filter(([name]) => name !== member)
  return Object.fromEntries(value === undefined ? kept : [...kept, [member, value]])
}

function parsePath(path: string): MaskPath {
  const [first = '', ...rest] = path.split('.', MAX_DEPTH + 1).map(camelCase)
  return [first, ...rest]
}

function isKnown(path: MaskPath | undefined, known: readonly string[]): boolean {
  return path !== undefined && path.length <= MAX_DEPTH && known.includes(path[0])
}

function strangeMask(rules: UpdateRules, paths: readonly string[]): StatusError {
  const named = paths.slice(0, 10).map(quote)
  return new StatusError(
    'INVALID_ARGUMENT',
    `update mask is not valid: ${named.join(', ')} cannot be written, expected fields of ${rules.resource}: ${rules.writable.join(', ')}`,
  )
}

function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
