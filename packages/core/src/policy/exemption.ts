import type { Instant } from '../instant.ts'

/**
 * A time-boxed exemption: the way to run a trial image without opening the gate. It lives beside the original's patterns
 * and always ends. `pattern` uses the same language as an admission whitelist pattern, a digest is written `sha256:…`
 * and matches in any repository.
 */
export interface Exemption {
  readonly id: string
  readonly subject: { readonly pattern: string } | { readonly digest: string }
  /** Only in this Kubernetes namespace; absent: in all. */
  readonly namespace?: string
  readonly owner: string
  readonly reason: string
  readonly expiresAt: Instant
}
