/**
 * A run of one writer's records that stands in the log (docs/spec/audit-log.md): its records `first` to `last` are the leaves from `start` on. The
 * segments, in the order of `start`, are the order of the log's leaves.
 */
export interface Segment {
  /** Counted from 0. */
  readonly start: number
  readonly writer: string
  readonly first: number
  readonly last: number
}

/** The leaf of a chain record: all that its hash covers stands behind the hash. */
export function formatLeaf(writer: string, sequence: number, hash: string): string {
  return `countersign.log.v1\n${writer}\n${sequence}\n${hash}`
}
