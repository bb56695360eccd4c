import { hash } from 'node:crypto'

/** The root of a tree without leaves: SHA-256 of nothing (RFC 9162 §2.1.1). */
const EMPTY_ROOT: Uint8Array = hash('sha256', '', 'buffer')

/**
 * A Merkle tree that only grows (RFC 9162 §2.1.1): it keeps the roots of its full subtrees, one for each bit of its size, so it needs no more memory for a
 * million leaves than for ten.
 */
export interface MerkleTree {
  readonly size: number
  /** The next leaf: any bytes. */
  append(leaf: Uint8Array | string): void
  root(): Uint8Array
}

/** An empty tree. */
export function makeMerkleTree(): MerkleTree {
  /** Full subtrees from the largest to the smallest; the set bits of `size` are their sizes. */
  const full: Uint8Array[] = []
  let size = 0
  return {
    get size() {
      return size
    },
    append: (leaf) => {
      let node = hashLeaf(leaf)
      for (let below = size; below % 2 === 1; below = (below - 1) / 2) node = hashNode(full.pop() ?? EMPTY_ROOT, node)
      full.push(node)
      size++
    },
    root: () =>
      full.reduceRight<Uint8Array | undefined>((right, left) => (right === undefined ? left : hashNode(left, right)), undefined) ?? EMPTY_ROOT,
  }
}

/** SHA-256( 0x00 leaf ): no leaf can be taken for a node. */
function hashLeaf(leaf: Uint8Array | string): Uint8Array {
  return hash('sha256', Buffer.concat([Buffer.of(0), Buffer.from(leaf)]), 'buffer')
}

/** SHA-256( 0x01 left right ). */
function hashNode(left: Uint8Array, right: Uint8Array): Uint8Array {
  return hash('sha256', Buffer.concat([Buffer.of(1), left, right]), 'buffer')
}
