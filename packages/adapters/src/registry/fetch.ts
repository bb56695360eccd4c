/** The part of `fetch` that the registry client needs; the server passes the dialer's, which looks at every address first. */
export type Fetch = (url: URL, init: FetchInit) => Promise<Response>

export interface FetchInit {
  readonly method?: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** Redirects are ours to judge. */
  readonly redirect: 'manual'
  readonly signal: AbortSignal
}
