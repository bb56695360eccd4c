import type { ChainHead, ChainLink } from '@countersign/evidence/record/chain.ts'
import { type Api, pathOf, textIn, type Tree, treesIn } from '../../connection/api.ts'
import { UsageError } from '../../terminal.ts'

/** A record of a writer's chain. */
export interface WrittenLink extends ChainLink {
  readonly writer: string
}

/** A writer, and the head of its chain as the server knows it. */
export interface Writer {
  readonly writer: string
  readonly head: ChainHead
}

const PAGE_SIZE = 1000

/** Every writer of the server's log. */
export async function listWriters(api: Api): Promise<readonly Writer[]> {
  const answer = await api.call('GET', pathOf('/countersign/v1', 'writers'))
  return treesIn(answer, 'writers').map((tree) => ({
    writer: textIn(tree, 'name').replace(/^writers\//, ''),
    head: { sequence: Number(textIn(tree, 'sequence')), hash: textIn(tree, 'hash') },
  }))
}

/** One writer's records in order, a page at a time: a log is longer than memory. */
export async function* readChain(api: Api, writer: string): AsyncGenerator<WrittenLink> {
  const path = `/countersign/v1/writers/${encodeURIComponent(writer)}/chainRecords`
  for (let pageToken: string | undefined; pageToken !== ''; ) {
    const answer: Tree = await api.call('GET', path, { query: { pageSize: PAGE_SIZE, pageToken } })
    const records = Array.isArray(answer['records']) ? (answer['records'] as readonly Tree[]) : []
    yield* records.map(readLink)
    pageToken = textIn(answer, 'nextPageToken')
  }
}

/** A record as the API and an export write it; 64-bit numbers are texts there. */
function readLink(tree: Tree): WrittenLink {
  const [writer = '', previousHash = '', hash = '', canonical = ''] = ['writer', 'previousHash', 'hash', 'canonical'].map((member) =>
    textIn(tree, member),
  )
  return { writer, sequence: Number(tree['sequence']), previousHash, hash, canonical }
}

/** Reads an export: one record in each line. UsageError with the line that is none. */
export function* parseExport(text: string, file: string): Generator<WrittenLink> {
  let number = 0
  for (const line of text.split('\n')) {
    number++
    if (line !== '') yield parseLine(line, `${file}:${number}`)
  }
}

function parseLine(line: string, place: string): WrittenLink {
  try {
    const tree: unknown = JSON.parse(line)
    if (typeof tree === 'object' && tree !== null) return readLink(tree as Tree)
  } catch {
    // Told below: whatever is no JSON object is no record.
  }
  throw new UsageError(`${place}: this line is no record of an audit export`, 'An export is made with: countersign audit export > audit.jsonl')
}
