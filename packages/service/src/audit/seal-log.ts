import { StatusError } from '@countersign/core/status.ts'
import { type Checkpoint, parseVerifierKey } from '@countersign/evidence/log/checkpoint.ts'
import { makeMerkleTree, type MerkleTree } from '@countersign/evidence/log/merkle.ts'
import { formatLeaf, type Segment } from '@countersign/evidence/log/segment.ts'
import type { PageRequest } from '../changes/page.ts'
import type { LogPorts } from './log-ports.ts'

/** As many records as one transaction seals: the write lock is held no longer. */
const MAX_SEALED = 2000
const PAGE_SIZE = 500

/** The newest checkpoint, and the key that proves it. */
export interface LogHead {
  readonly checkpoint: string
  /** `name+hash+key` (C2SP signed-note). */
  readonly publicKey: string
}

/** Gathers the chains of all writers into one Merkle log, and publishes signed checkpoints of it (docs/spec/audit-log.md). */
export interface LogSealer {
  /**
   * Puts every record that is not in the log yet there, and publishes a checkpoint where it grew. One at a time; DATA_LOSS, and no
   * checkpoint, where the store no longer holds what the last one proves: whoever owns the database alone cannot have another past signed.
   */
  seal(): Promise<void>
  /** Undefined until the first checkpoint. */
  head(): LogHead | undefined
}

/** Makes the sealer of a store's log. */
export function makeLogSealer(ports: LogPorts): LogSealer {
  let tree: MerkleTree | undefined
  let last: Promise<void> = Promise.resolve()
  const pass = async (): Promise<void> => {
    tree ??= await readTree(ports)
    try {
      while (await growOnce(ports, tree)) continue
    } catch (failure) {
      // What was committed and what was counted may differ now: count again.
      tree = undefined
      throw failure
    }
    publish(ports, tree)
  }
  return {
    seal: () => {
      const run = last.then(pass)
      last = run.catch(() => undefined)
      return run
    },
    head: () => {
      const checkpoint = ports.shelf.last()
      return checkpoint === undefined ? undefined : { checkpoint, publicKey: ports.signer.verifierKey }
    },
  }
}

function publish({ shelf, signer }: LogPorts, tree: MerkleTree): void {
  if (tree.size > (openLast({ shelf, signer })?.size ?? 0)) shelf.append(signer.sign({ size: tree.size, root: tree.root() }))
}

/** The checkpoint that was published last, in which the signer's own key is believed and nothing else. */
function openLast({ shelf, signer }: Pick<LogPorts, 'shelf' | 'signer'>): Checkpoint | undefined {
  const note = shelf.last()
  if (note === undefined) return undefined
  const checkpoint = parseVerifierKey(signer.verifierKey)?.open(note)
  if (checkpoint !== undefined) return checkpoint
  throw new StatusError('DATA_LOSS', 'Cannot seal the log: the last checkpoint is not signed with the key of this server')
}

/** Counts the tree anew from the store, and holds it against the last checkpoint on the way. */
async function readTree(ports: LogPorts): Promise<MerkleTree> {
  const tree = makeMerkleTree()
  const published = openLast(ports)
  const compare = (): void => {
    if (published !== undefined && tree.size === published.size && !Buffer.from(tree.root()).equals(published.root)) throw contradicts(published)
  }
  for await (const segment of readSegments(ports)) {
    if (segment.start !== tree.size) throw new StatusError('DATA_LOSS', `Cannot seal the log: leaf ${tree.size} is not where it was`)
    for (const [index, hash] of (await readHashes(ports, segment)).entries()) {
      tree.append(formatLeaf(segment.writer, segment.first + index, hash))
      compare()
    }
  }
  if (published !== undefined && tree.size < published.size) throw contradicts(published)
  return tree
}

function contradicts({ size }: Checkpoint): StatusError {
  const next = 'keep the data folder as it is, and look with: countersign audit verify --checkpoint FILE'
  return new StatusError('DATA_LOSS', `Cannot seal the log: its first ${size} records are no longer those that were sealed; ${next}`)
}

async function* readSegments({ changes }: LogPorts): AsyncGenerator<Segment> {
  for (let page: PageRequest | undefined = { pageSize: PAGE_SIZE }; page !== undefined; ) {
    const asked: PageRequest = page
    const { items, next } = await changes.read((tables) => tables.listSegments(asked))
    yield* items
    page = next === undefined ? undefined : { pageSize: PAGE_SIZE, after: next }
  }
}

async function readHashes({ changes }: LogPorts, records: Omit<Segment, 'start'>): Promise<readonly string[]> {
  return complete(await changes.read((tables) => tables.listHashes(records)), records)
}

function complete(hashes: readonly string[], { writer, first, last }: Omit<Segment, 'start'>): readonly string[] {
  if (hashes.length === last - first + 1) return hashes
  throw new StatusError('DATA_LOSS', `Cannot seal the log: records of writer "${writer}" between ${first} and ${last} are missing`)
}

/** One transaction: at most `MAX_SEALED` records of the first writer that has some. False where there was none. */
async function growOnce({ changes }: LogPorts, tree: MerkleTree): Promise<boolean> {
  const [waiting] = await changes.read((tables) => tables.listUnsealed())
  if (waiting === undefined) return false
  const segment: Segment = { ...waiting, start: tree.size, last: Math.min(waiting.last, waiting.first + MAX_SEALED - 1) }
  const hashes = await changes.commit(async (tables) => {
    await tables.insertSegment(segment)
    return complete(await tables.listHashes(segment), segment)
  })
  for (const [index, hash] of hashes.entries()) tree.append(formatLeaf(segment.writer, segment.first + index, hash))
  return true
}
