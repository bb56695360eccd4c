import { createHash } from 'node:crypto'
import type { Surroundings } from '../changes/change.ts'

/** `cs_<id>_<secret>`: 12 lower-case hexadecimal digits by which the token is found, and 32 random bytes in base64url. */
const TOKEN = /^cs_([0-9a-f]{12})_([A-Za-z0-9_-]{43})$/

/** A token text taken apart. The secret is worth the token: it never goes further than a hash. */
export interface TokenText {
  readonly id: string
  readonly secret: string
}

/** Makes a new token text; it is shown once and kept nowhere. */
export function makeTokenText(surroundings: Pick<Surroundings, 'random'>): TokenText & { readonly text: string } {
  const id = Buffer.from(surroundings.random(6)).toString('hex')
  const secret = Buffer.from(surroundings.random(32)).toString('base64url')
  return { id, secret, text: `cs_${id}_${secret}` }
}

/** Takes a token text apart; undefined where it has not the form. */
export function parseTokenText(text: string): TokenText | undefined {
  const match = TOKEN.exec(text)
  return match === null ? undefined : { id: match[1] ?? '', secret: match[2] ?? '' }
}

/** SHA-256 of a secret, as lower-case hexadecimal. The secret has 256 bits, so no slow hash is needed. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret, 'utf8').digest('hex')
}
