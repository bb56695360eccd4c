import { createHmac, timingSafeEqual } from 'node:crypto'
import { StatusError } from '@countersign/core/status.ts'
import type { PageRequest } from './page.ts'

const MAC_BYTES = 16
const MAX_TOKEN = 4096
const DEFAULT_PAGE_SIZE = 20
const MAX_PAGE_SIZE = 1000

/** How a client asks for a page. */
export interface PageAsked {
  readonly pageSize?: number
  readonly pageToken?: string
}

/** Makes and reads page tokens. */
export interface PageTokens {
  /** The token for the rows after `after`; empty where no more follow. */
  seal(scope: readonly string[], after: string | undefined): string
  /** The key inside, or INVALID_ARGUMENT where the token was not made here for the same scope. Undefined for an empty token. */
  open(scope: readonly string[], token: string | undefined): string | undefined
}

/**
 * Page tokens are base64url(mac || key of the last row). The mac is HMAC-SHA256, cut to 16 bytes, over the scope (method, caller, parent, filter),
 * each member with its length before it, and then the key. So a token says nothing that its holder was not shown, cannot be made by anybody else, and
 * does not continue another list: the reference server's decimal offset could kill it (kritis-and-grafeas.md §4.7).
 */
export function makePageTokens(secret: Uint8Array): PageTokens {
  return {
    seal(scope, after) {
      if (after === undefined) return ''
      const key = Buffer.from(after, 'utf8')
      return Buffer.concat([macOf(secret, scope, key), key]).toString('base64url')
    },
    open(scope, token) {
      if (token === undefined || token === '') return undefined
      const bytes = token.length > MAX_TOKEN ? Buffer.alloc(0) : Buffer.from(token, 'base64url')
      const key = bytes.subarray(MAC_BYTES)
      const genuine = bytes.length > MAC_BYTES && timingSafeEqual(bytes.subarray(0, MAC_BYTES), macOf(secret, scope, key))
      if (!genuine)
        throw new StatusError(
          'INVALID_ARGUMENT',
          'page token is not valid: expected one that this list gave to the same caller for the same parent and filter',
        )
      return key.toString('utf8')
    },
  }
}

/**
 * The page that a client asks for: 20 rows where it does not say, at most 1000. Throws INVALID_ARGUMENT with the reference server's texts
 * (kritis-and-grafeas.md §4.6), or on a foreign token.
 */
export function acceptPage(tokens: PageTokens, scope: readonly string[], asked: PageAsked): PageRequest {
  const size = asked.pageSize ?? 0
  if (!Number.isInteger(size) || size < 0) throw new StatusError('INVALID_ARGUMENT', `page size ${size} cannot be negative`)
  if (size > MAX_PAGE_SIZE) throw new StatusError('INVALID_ARGUMENT', `page size ${size} cannot be large than max page size ${MAX_PAGE_SIZE}`)
  const after = tokens.open(scope, asked.pageToken)
  return { pageSize: size === 0 ? DEFAULT_PAGE_SIZE : size, ...(after === undefined ? {} : { after }) }
}

function macOf(secret: Uint8Array, scope: readonly string[], key: Uint8Array): Buffer {
  const mac = createHmac('sha256', secret)
  for (const part of scope) mac.update(`${Buffer.byteLength(part)}:`).update(part)
  return mac.update('|').update(key).digest().subarray(0, MAC_BYTES)
}
