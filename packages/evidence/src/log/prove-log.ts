import type { Checkpoint } from './checkpoint.ts'
import { makeMerkleTree, type MerkleTree } from './merkle.ts'
import { formatLeaf, type Segment } from './segment.ts'

/** What is held against checkpoints: chains that were verified, and the order in which their records stand in the log. */
export interface LogToProve {
  readonly segments: Iterable<Segment>
  /** By writer: the hash of each record, from the first on. */
  readonly hashes: ReadonlyMap<string, readonly string[]>
}

/** A record, by its place. */
export interface RecordPlace {
  readonly writer: string
  readonly sequence: number
}

/**
 * PROVEN: every checkpoint's root is that of as many leaves. MISORDERED: the segments do not put every record in one place. TRUNCATED: a record that was
 * sealed is not there. REWRITTEN: a checkpoint has another root; everything up to the largest one before it holds, and `at` is the first record that
 * nothing proves.
 */
export type LogVerdict =
  | { readonly outcome: 'PROVEN'; readonly size: number }
  | { readonly outcome: 'BROKEN'; readonly fault: 'MISORDERED' | 'TRUNCATED' | 'REWRITTEN'; readonly at?: RecordPlace; readonly detail: string }

/** Holds a log against checkpoints whose signatures were verified. */
export function proveLog({ segments, hashes }: LogToProve, checkpoints: readonly Checkpoint[]): LogVerdict {
  const walk = new Walk(checkpoints)
  for (const segment of segments) {
    const broken = walk.take(segment, hashes.get(segment.writer) ?? [])
    if (broken !== undefined) return broken
  }
  return walk.end()
}

type Broken = Extract<LogVerdict, { readonly outcome: 'BROKEN' }>

class Walk {
  readonly #tree: MerkleTree = makeMerkleTree()
  readonly #next = new Map<string, number>()
  readonly #awaited: Checkpoint[]
  #proven = 0
  /** The first record behind the last checkpoint that holds. */
  #unproven: RecordPlace | undefined
  #last: RecordPlace | undefined

  constructor(checkpoints: readonly Checkpoint[]) {
    this.#awaited = checkpoints.toSorted((one, other) => one.size - other.size)
  }

  take({ start, writer, first, last }: Segment, hashes: readonly string[]): Broken | undefined {
    const at = { writer, sequence: first }
    if (start !== this.#tree.size || first !== (this.#next.get(writer) ?? 1) || last < first)
      return { outcome: 'BROKEN', fault: 'MISORDERED', at, detail: `The segment at leaf ${start} does not continue the log` }
    for (let sequence = first; sequence <= last; sequence++) {
      const hash = hashes[sequence - 1]
      const place = { writer, sequence }
      const broken = this.#compare()
      if (broken !== undefined) return broken
      if (hash === undefined) return { outcome: 'BROKEN', fault: 'TRUNCATED', at: place, detail: 'It was sealed and is not there' }
      this.#unproven ??= place
      this.#last = place
      this.#tree.append(formatLeaf(writer, sequence, hash))
    }
    this.#next.set(writer, last + 1)
    return undefined
  }

  end(): LogVerdict {
    const broken = this.#compare()
    if (broken !== undefined) return broken
    const [missed] = this.#awaited
    if (missed === undefined) return { outcome: 'PROVEN', size: this.#proven }
    const detail = `The log has ${this.#tree.size} leaves, a checkpoint says ${missed.size}`
    return { outcome: 'BROKEN', fault: 'TRUNCATED', ...(this.#last === undefined ? {} : { at: this.#last }), detail }
  }

  /** Holds the tree against every checkpoint of its size. */
  #compare(): Broken | undefined {
    while (this.#awaited[0]?.size === this.#tree.size) {
      const checkpoint = this.#awaited.shift()
      if (checkpoint !== undefined && !Buffer.from(this.#tree.root()).equals(checkpoint.root)) {
        const detail = `The first ${this.#proven} leaves hold, the checkpoint of ${checkpoint.size} has another root`
        return { outcome: 'BROKEN', fault: 'REWRITTEN', ...(this.#unproven === undefined ? {} : { at: this.#unproven }), detail }
      }
      this.#proven = this.#tree.size
      this.#unproven = undefined
    }
    return undefined
  }
}
