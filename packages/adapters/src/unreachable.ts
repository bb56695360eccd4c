import { StatusError } from '@countersign/core/status.ts'

/** What somebody could do about it, where nobody listens and where an authority is not trusted. */
export interface ReachAdvice {
  readonly REFUSED?: string
  readonly UNTRUSTED?: string
}

/**
 * Says why nobody answered: UNAVAILABLE, "Cannot reach `whom`: `why`". Takes an error of `node:http`, or of `sendOverHttp` to tell it in other words; any
 * other StatusError stays what it is.
 */
export function unreachable(whom: string, error: unknown, advice: ReachAdvice = {}): StatusError {
  if (error instanceof StatusError && (error.code !== 'UNAVAILABLE' || error.cause === undefined)) return error
  const cause = error instanceof StatusError ? error.cause : error
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const { why, what } = REASONS[code] ?? { why: cause instanceof Error && cause.message !== '' ? cause.message : code || 'it failed' }
  const next = what === undefined ? undefined : advice[what]
  return new StatusError('UNAVAILABLE', `Cannot reach ${whom}: ${why}${next === undefined ? '' : `; ${next}`}`, { cause })
}

interface Reason {
  readonly why: string
  readonly what?: keyof ReachAdvice
}

const UNTRUSTED: Reason = { why: 'its certificate is signed by an authority that is not trusted here', what: 'UNTRUSTED' }
const REASONS: Readonly<Record<string, Reason>> = {
  ECONNREFUSED: { why: 'nothing listens there', what: 'REFUSED' },
  ENOTFOUND: { why: 'the host name is not known' },
  ECONNRESET: { why: 'the connection was cut; is it a TLS port? then write https://' },
  EPROTO: { why: 'it does not speak TLS; is it a plain port? then write http://' },
  ERR_SSL_WRONG_VERSION_NUMBER: { why: 'it does not speak TLS; is it a plain port? then write http://' },
  HPE_INVALID_CONSTANT: { why: 'it does not speak HTTP; is it a TLS port? then write https://' },
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
}
