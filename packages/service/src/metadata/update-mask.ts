import { quote } from '@countersign/core/quote.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { Message } from './message.ts'

/** What an update of one kind of resource may touch, as top members of its message. */
export interface UpdateRules {
  readonly resource: string
  readonly writable: readonly string[]
  readonly immutable: readonly string[]
}

/**
 * The members that an update writes (AIP-134): those that the mask names, or without a mask those that the body holds; `*` means all. Paths come in
 * snake_case or camelCase, a deeper path stands for its top member. INVALID_ARGUMENT for a path that is no field of the resource.
 */
export function updatedMembers(rules: UpdateRules, body: Message, mask: readonly string[]): readonly string[] {
  const known = [...rules.writable, ...rules.immutable]
  if (mask.length === 0) return known.filter((member) => body[member] !== undefined)
  if (mask.includes('*')) return known
  const members = mask.map((path) => camelCase(path.split('.')[0] ?? ''))
  const strange = mask.filter((_, index) => !known.includes(members[index] ?? ''))
  if (strange.length === 0) return [...new Set(members)]
  const named = strange.slice(0, 10).map(quote)
  throw new StatusError(
    'INVALID_ARGUMENT',
    `update mask is not valid: ${named.join(', ')} cannot be written, expected fields of ${rules.resource}: ${rules.writable.join(', ')}`,
  )
}

/** The message with these members taken from the body; a member that the body lacks is cleared. */
export function mergeMembers(message: Message, body: Message, members: readonly string[]): Message {
  const kept = Object.entries(message).filter(([member]) => !members.includes(member))
  const taken = members.filter((member) => body[member] !== undefined).map((member) => [member, body[member]] as const)
  return Object.fromEntries([...kept, ...taken])
}

function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
