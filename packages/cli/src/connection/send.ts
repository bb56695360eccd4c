/** One HTTP request of a client, whole. */
export interface SentRequest {
  readonly method: string
  /** Absolute, `http:` or `https:`. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  /** PEM of the only authorities to trust; absent: the system's. */
  readonly ca?: string
  /** PEM of the certificate that the caller shows, and its key. */
  readonly cert?: string
  readonly key?: string
}

/** What came back; header names in lower case. */
export interface ReceivedAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: Uint8Array
}

/** Sends a request and reads the answer whole. Throws UNAVAILABLE where nobody answers. */
export type Send = (request: SentRequest) => Promise<ReceivedAnswer>
