/** The part of `fetch` that the registry client needs; whoever passes it decides which addresses may be reached. */
export type Fetch = (url: URL, init: FetchInit) => Promise<Response>

export interface FetchInit {
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT'
  readonly headers: Readonly<Record<string, string>>
  /** A blob is sent as it is read, with its length. */
  readonly body?: string | Uint8Array | Blob
  /** Redirects are ours to judge. */
  readonly redirect: 'manual'
  /** PEM of an authority to trust beside the system's. */
  readonly ca?: string
  readonly signal: AbortSignal
}
