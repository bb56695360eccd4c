import { StatusError } from '@countersign/core/status.ts'
import type { StatusCode } from '@countersign/core/status.ts'

/** google.rpc.Code's numbers, and the HTTP status that google/rpc/code.proto maps each to. The one table of every API door. */
export const STATUS_TABLE: Readonly<Record<StatusCode, { readonly number: number; readonly httpStatus: number }>> = {
  CANCELLED: { number: 1, httpStatus: 499 },
  UNKNOWN: { number: 2, httpStatus: 500 },
  INVALID_ARGUMENT: { number: 3, httpStatus: 400 },
  DEADLINE_EXCEEDED: { number: 4, httpStatus: 504 },
  NOT_FOUND: { number: 5, httpStatus: 404 },
  ALREADY_EXISTS: { number: 6, httpStatus: 409 },
  PERMISSION_DENIED: { number: 7, httpStatus: 403 },
  RESOURCE_EXHAUSTED: { number: 8, httpStatus: 429 },
  FAILED_PRECONDITION: { number: 9, httpStatus: 400 },
  ABORTED: { number: 10, httpStatus: 409 },
  OUT_OF_RANGE: { number: 11, httpStatus: 400 },
  UNIMPLEMENTED: { number: 12, httpStatus: 501 },
  INTERNAL: { number: 13, httpStatus: 500 },
  UNAVAILABLE: { number: 14, httpStatus: 503 },
  DATA_LOSS: { number: 15, httpStatus: 500 },
  UNAUTHENTICATED: { number: 16, httpStatus: 401 },
}

/** The body of an error answer, as Google's front end writes it (binary-authorization.md §5.4). */
export interface ErrorBody {
  readonly error: { readonly code: number; readonly message: string; readonly status: StatusCode }
}

/** What anything thrown is to the caller: a StatusError as it is, everything else INTERNAL without its text. */
export function statusOf(thrown: unknown): StatusError {
  return thrown instanceof StatusError ? thrown : new StatusError('INTERNAL', 'Internal error', { cause: thrown })
}

/** Formats an error as an HTTP status and Google's JSON body. */
export function formatStatus(error: StatusError): { readonly httpStatus: number; readonly body: ErrorBody } {
  const { httpStatus } = STATUS_TABLE[error.code]
  return { httpStatus, body: { error: { code: httpStatus, message: error.message, status: error.code } } }
}

/**
 * The error that a server's answer tells: from Google's body, else from the HTTP status. For the client, so the text is
 * what a server, or whatever stands in its place, chose to send.
 */
export function parseErrorAnswer(httpStatus: number, body: unknown): StatusError {
  const error = memberOf(body, 'error')
  const status = memberOf(error, 'status')
  const message = memberOf(error, 'message')
  const code = isStatusCode(status) ? status : codeOfHttpStatus(httpStatus)
  return new StatusError(code, typeof message === 'string' && message !== '' ? message : `The server answered with HTTP status ${httpStatus}`)
}

function isStatusCode(value: unknown): value is StatusCode {
  return typeof value === 'string' && Object.hasOwn(STATUS_TABLE, value)
}

function codeOfHttpStatus(httpStatus: number): StatusCode {
  if (httpStatus === 409) return 'ABORTED'
  if (httpStatus === 413) return 'RESOURCE_EXHAUSTED'
  if (httpStatus === 502) return 'UNAVAILABLE'
  for (const [code, row] of Object.entries(STATUS_TABLE)) if (row.httpStatus === httpStatus && isStatusCode(code)) return code
  return 'UNKNOWN'
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined
}
