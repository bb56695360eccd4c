import type { Caller } from '@countersign/service/access/caller.ts'

/** What a door knows of one call. */
export interface CallContext {
  readonly caller: Caller
  /** What the caller should know beside the answer; leaves as `x-countersign-warning` headers or gRPC metadata. */
  readonly warnings: string[]
}
