/** One HTTP request to an API server, whole. */
export interface KubernetesRequest {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  /** PEM of the only authorities to trust; absent: the system's. */
  readonly ca?: string
  /** PEM of the certificate that the caller shows, and its key. */
  readonly cert?: string
  readonly key?: string
}

/** Sends a request and reads the answer whole; header names in lower case. Throws UNAVAILABLE where nobody answers. */
export type SendToKubernetes = (request: KubernetesRequest) => Promise<{
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: Uint8Array
}>
