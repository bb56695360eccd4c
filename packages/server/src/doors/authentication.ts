import { StatusError } from '@countersign/core/status.ts'
import type { Caller } from '@countersign/service/access/caller.ts'
import type { Tokens } from '@countersign/service/access/tokens.ts'

/** Tells who calls by the value of an `Authorization` header. UNAUTHENTICATED where it is absent, of another scheme, or not good. */
export type Authenticate = (authorization: string | undefined) => Promise<Caller>

const BEARER = /^Bearer +([\x21-\x7e]{1,4096})$/i

/** Authentication by API token, the same at every door. */
export function authenticateByToken(tokens: Pick<Tokens, 'authenticate'>): Authenticate {
  return async (authorization) => {
    const token = BEARER.exec(authorization ?? '')?.[1]
    if (token === undefined) {
      throw new StatusError(
        'UNAUTHENTICATED',
        'Request is missing required authentication credential: expected an API token, "Authorization: Bearer cs_…"',
      )
    }
    return await tokens.authenticate(token)
  }
}
