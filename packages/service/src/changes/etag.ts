import { quote } from '@countersign/core/quote.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { Surroundings } from './change.ts'

const ETAG = /^"?[A-Za-z0-9+/]{12}"?$/

/** Makes the etag of a new version: twelve base64 characters inside literal double quotes, the original's form (binary-authorization.md §1.8). */
export function newEtag(surroundings: Pick<Surroundings, 'random'>): string {
  return `"${Buffer.from(surroundings.random(9)).toString('base64')}"`
}

/**
 * Compares the etag that a writer sends with the one that is stored (AIP-154). An empty or absent one writes unconditionally.
 * Throws ABORTED where somebody else wrote in between; `what` names the resource in the message.
 */
export function requireEtag(given: string | undefined, stored: string | undefined, what: string): void {
  if (given === undefined || given === '' || given === stored) return
  const present = stored === undefined ? 'not set' : showEtag(stored)
  throw new StatusError(
    'ABORTED',
    `Cannot write ${what}: its etag is ${present}, expected ${showEtag(given)} as sent; read it again, then repeat the change`,
  )
}

/** An etag as it is written, the quotes that belong to it included; anything else is quoted, for a writer may send what it likes. */
function showEtag(etag: string): string {
  return ETAG.test(etag) ? etag : quote(etag)
}
