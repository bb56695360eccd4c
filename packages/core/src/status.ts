/** The sixteen canonical codes of google.rpc.Code, by name. */
export type StatusCode =
  | 'CANCELLED'
  | 'UNKNOWN'
  | 'INVALID_ARGUMENT'
  | 'DEADLINE_EXCEEDED'
  | 'NOT_FOUND'
  | 'ALREADY_EXISTS'
  | 'PERMISSION_DENIED'
  | 'RESOURCE_EXHAUSTED'
  | 'FAILED_PRECONDITION'
  | 'ABORTED'
  | 'OUT_OF_RANGE'
  | 'UNIMPLEMENTED'
  | 'INTERNAL'
  | 'UNAVAILABLE'
  | 'DATA_LOSS'
  | 'UNAUTHENTICATED'

/**
 * The one error of the house. A verdict is a value; wrong input at a door is `Parsed`; everything else is this.
 * Its message is fit for the caller's eyes: no secrets, no internals. What caused it travels in `cause` and stays inside.
 */
export class StatusError extends Error {
  readonly code: StatusCode

  constructor(code: StatusCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'StatusError'
    this.code = code
  }
}
