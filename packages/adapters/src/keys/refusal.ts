import { quote } from '@countersign/core/quote.ts'
import { StatusError, type StatusCode } from '@countersign/core/status.ts'

/** A key that cannot be used. The reason stands alone too, for those who name the key in words of their own. */
export class KeyRefusal extends StatusError {
  readonly reason: string

  constructor(code: StatusCode, { key, reason, cause }: { readonly key: string; readonly reason: string; readonly cause?: unknown }) {
    super(code, `Cannot use key ${quote(key)}: ${reason}`, { cause })
    this.name = 'KeyRefusal'
    this.reason = reason
  }
}

/** What to do next, by what went wrong. */
export type NextSteps = Partial<Record<StatusCode, string>>

const WORDS: NextSteps = {
  UNAUTHENTICATED: 'the login was not accepted',
  PERMISSION_DENIED: 'permission denied',
  NOT_FOUND: 'there is no such key',
  FAILED_PRECONDITION: 'it is not in a state to sign',
  INVALID_ARGUMENT: 'the request was refused',
  RESOURCE_EXHAUSTED: 'its quota is used up; try again later',
  UNAVAILABLE: 'its keeper does not answer; try again later',
}

/** The refusal of a key by its keeper: what is wrong, in the keeper's own words where there are any, and the next step. */
export function keyRefused(
  key: string,
  code: StatusCode,
  { said = '', steps = {}, cause }: { readonly said?: string; readonly steps?: NextSteps; readonly cause?: unknown } = {},
): KeyRefusal {
  const words = said === '' ? '' : ` (its keeper says ${quote(said.slice(0, 500))})`
  const step = steps[code] === undefined ? '' : `; ${steps[code]}`
  return new KeyRefusal(code, { key, reason: `${WORDS[code] ?? 'it failed'}${words}${step}`, cause })
}

/** The code that an HTTP status means of a key. */
export function codeOfHttpStatus(status: number): StatusCode {
  if (status === 401) return 'UNAUTHENTICATED'
  if (status === 403) return 'PERMISSION_DENIED'
  if (status === 404) return 'NOT_FOUND'
  if (status === 429) return 'RESOURCE_EXHAUSTED'
  if (status === 409 || status === 412) return 'FAILED_PRECONDITION'
  return status >= 400 && status < 500 ? 'INVALID_ARGUMENT' : 'UNAVAILABLE'
}
