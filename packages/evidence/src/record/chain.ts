import { sha256Hex } from './hash.ts'

/**
 * The audit chain (docs/spec/audit-chain.md). Each writer has its own chain. A record's hash covers the writer, the place in the
 * chain, the hash before it and the record's exact text, each on a line of its own behind a prefix that no other hash of ours has:
 *
 *   SHA-256( "countersign.audit.v1\n" writer "\n" sequence "\n" previousHash "\n" canonical )
 *
 * So nothing can be altered, left out, put in, moved to another place or to another writer's chain without all later hashes changing.
 */
export interface ChainLink {
  /** From 1 on, without gaps. */
  readonly sequence: number
  /** 64 hexadecimal digits; 64 zeros in the first record. */
  readonly previousHash: string
  readonly hash: string
  /** The record: canonical JSON (RFC 8785), as hashed. */
  readonly canonical: string
}

/** The last link of a chain; `EMPTY_CHAIN` before the first. */
export interface ChainHead {
  readonly sequence: number
  readonly hash: string
}

/** The head of a chain that has no record yet; its 64 zeros stand for the hash before the first record. */
export const EMPTY_CHAIN: ChainHead = { sequence: 0, hash: '0'.repeat(64) }

export type ChainVerdict =
  | { readonly outcome: 'INTACT'; readonly head: ChainHead }
  /** `sequence` is the place of the first bad record; everything before it holds. */
  | { readonly outcome: 'BROKEN'; readonly sequence: number; readonly fault: ChainFault; readonly detail: string }

/**
 * OUT_OF_ORDER: a record is missing, doubled or moved. UNLINKED: it does not continue the one before. ALTERED: its text does not have its
 * hash. TRUNCATED: the chain ends before the head that is known. FORKED: it reaches the known head's place with another hash.
 */
export type ChainFault = 'OUT_OF_ORDER' | 'UNLINKED' | 'ALTERED' | 'TRUNCATED' | 'FORKED'

/** Makes the next link. The text must be the record's canonical JSON; its single line is what keeps the hash's input unambiguous. */
export function appendToChain(writer: string, head: ChainHead, canonical: string): ChainLink {
  const sequence = head.sequence + 1
  return { sequence, previousHash: head.hash, hash: hashLink(writer, sequence, head.hash, canonical), canonical }
}

/**
 * Verifies a writer's links in order, beginning behind `options.after` (by default the beginning). `options.knownHead`, taken
 * earlier and kept elsewhere, shows a cut tail or a rewritten chain: without it nobody can tell a short chain from a cut one.
 */
export async function verifyChain(
  writer: string,
  links: Iterable<ChainLink> | AsyncIterable<ChainLink>,
  options: { readonly after?: ChainHead; readonly knownHead?: ChainHead } = {},
): Promise<ChainVerdict> {
  let head = options.after ?? EMPTY_CHAIN
  for await (const link of links) {
    const fault = findFault(writer, head, link) ?? findFork(link, options.knownHead)
    if (fault !== undefined) return { outcome: 'BROKEN', sequence: head.sequence + 1, ...fault }
    head = { sequence: link.sequence, hash: link.hash }
  }
  const known = options.knownHead
  if (known === undefined || head.sequence >= known.sequence) return { outcome: 'INTACT', head }
  return {
    outcome: 'BROKEN',
    sequence: head.sequence + 1,
    fault: 'TRUNCATED',
    detail: `The chain ends at ${head.sequence}, expected at least ${known.sequence}`,
  }
}

interface FoundFault {
  readonly fault: ChainFault
  readonly detail: string
}

function findFault(writer: string, head: ChainHead, link: ChainLink): FoundFault | undefined {
  const expected = head.sequence + 1
  if (link.sequence !== expected) return { fault: 'OUT_OF_ORDER', detail: `Record ${link.sequence} stands where ${expected} is expected` }
  if (link.previousHash !== head.hash) return { fault: 'UNLINKED', detail: `Record ${expected} does not continue record ${head.sequence}` }
  if (link.hash === hashLink(writer, expected, head.hash, link.canonical)) return undefined
  return { fault: 'ALTERED', detail: `Record ${expected} does not have the hash it claims` }
}

function findFork(link: ChainLink, known: ChainHead | undefined): FoundFault | undefined {
  if (known === undefined || link.sequence !== known.sequence || link.hash === known.hash) return undefined
  return { fault: 'FORKED', detail: `Record ${link.sequence} has another hash than the known head` }
}

function hashLink(writer: string, sequence: number, previousHash: string, canonical: string): string {
  if (/[\n\r]/.test(writer)) throw new TypeError('Cannot hash a chain record: the writer holds a line break')
  return sha256Hex(`countersign.audit.v1\n${writer}\n${sequence}\n${previousHash}\n${canonical}`)
}
