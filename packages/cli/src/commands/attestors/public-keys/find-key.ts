import { StatusError } from '@countersign/core/status.ts'
import { type Tree, textIn } from '../../../connection/api.ts'

/** Where the one key with this id stands in the list; the original's words where there is none, or several (binary-authorization.md §4.1). */
export function findKeyIndex(keys: readonly Tree[], id: string, attestor: string): number {
  const found = keys.flatMap((key, index) => (textIn(key, 'id') === id ? [index] : []))
  const [index] = found
  if (index === undefined) throw new StatusError('NOT_FOUND', `No matching public key found on attestor [${attestor}]`)
  if (found.length > 1) throw new StatusError('FAILED_PRECONDITION', `Multiple matching public keys found on attestor [${attestor}]`)
  return index
}
