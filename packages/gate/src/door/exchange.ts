/** How a caller was verified: by the segment of its URL alone, or by a client certificate too. */
export interface Caller {
  readonly verifiedBy: 'URL_SEGMENT' | 'CLIENT_CERTIFICATE'
  /** Common name of the certificate's subject. */
  readonly subject?: string
}

/** A request as the door received it; the body is whole and within its bound. */
export interface GateRequest {
  readonly method: string
  /** Path and query: `/v1/webhook/<segment>?timeout=10s`. */
  readonly url: string
  readonly body: Uint8Array
  readonly caller: Caller
}

export interface GateResponse {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string
}
