import type { ChainHead, ChainLink } from '@countersign/evidence/record/chain.ts'
import type { Segment } from '@countersign/evidence/log/segment.ts'
import { StatusError } from '@countersign/core/status.ts'
import { type Api, pathOf, textIn, type Tree, treesIn } from '../../connection/api.ts'

/** A record of a writer's chain. */
export interface WrittenLink extends ChainLink {
  readonly writer: string
}

/** A writer, and the head of its chain. */
export interface Writer {
  readonly writer: string
  readonly head: ChainHead
}

/** What a log says of itself before its records: where its chains end, and the newest checkpoint with the key that proves it. */
export interface LogHeader {
  readonly heads: readonly Writer[]
  readonly checkpoint?: string
  readonly publicKey?: string
}

/** A log as it is verified, from a server or from an export. */
export interface LogSource {
  readonly header: LogHeader
  readonly segments: readonly Segment[]
  /** A writer's records in order, up to its head. */
  links(writer: string): Iterable<WrittenLink> | AsyncIterable<WrittenLink>
  /** Writers of records that the header does not name. */
  readonly strangers: readonly string[]
}

const PAGE_SIZE = 1000

/** The server's log as it is now: the checkpoint first, then what it covers, so that what is written meanwhile is not missed where it should be. */
export async function openServerLog(api: Api): Promise<LogSource> {
  const sealed = await findLogHead(api)
  const segments = sealed === undefined ? [] : await listSegments(api, sealed.checkpoint)
  const header = { heads: await listWriters(api), ...sealed }
  return { header, segments, links: (writer) => readChain(api, header, writer), strangers: [] }
}

async function findLogHead(api: Api): Promise<Required<Pick<LogHeader, 'checkpoint' | 'publicKey'>> | undefined> {
  try {
    const head = await api.call('GET', pathOf('/countersign/v1', 'log'))
    return { checkpoint: textIn(head, 'checkpoint'), publicKey: textIn(head, 'publicKey') }
  } catch (error) {
    if (error instanceof StatusError && error.code === 'NOT_FOUND') return undefined
    throw error
  }
}

/** Those that the checkpoint covers: its second line is the log's size. */
async function listSegments(api: Api, checkpoint: string): Promise<readonly Segment[]> {
  const size = Number(checkpoint.split('\n')[1])
  const trees = await api.list(pathOf('/countersign/v1', 'log/segments'), 'segments')
  const segments = trees.map((tree) => {
    const [start, first, last] = ['start', 'first', 'last'].map((member) => Number(tree[member] ?? 0))
    return { start: start ?? 0, writer: textIn(tree, 'writer'), first: first ?? 0, last: last ?? 0 }
  })
  return segments.filter(({ start }) => start < size)
}

async function listWriters(api: Api): Promise<readonly Writer[]> {
  const answer = await api.call('GET', pathOf('/countersign/v1', 'writers'))
  return treesIn(answer, 'writers').map((tree) => ({
    writer: textIn(tree, 'name').replace(/^writers\//, ''),
    head: { sequence: Number(textIn(tree, 'sequence')), hash: textIn(tree, 'hash') },
  }))
}

/** One writer's records, a page at a time: a log is longer than memory. */
async function* readChain(api: Api, { heads }: LogHeader, writer: string): AsyncGenerator<WrittenLink> {
  const end = heads.find((one) => one.writer === writer)?.head.sequence ?? 0
  const path = `/countersign/v1/writers/${encodeURIComponent(writer)}/chainRecords`
  for (let pageToken: string | undefined; pageToken !== ''; ) {
    const answer: Tree = await api.call('GET', path, { query: { pageSize: PAGE_SIZE, pageToken } })
    for (const link of treesIn(answer, 'records').map(readLink)) {
      if (link.sequence > end) return
      yield link
    }
    pageToken = textIn(answer, 'nextPageToken')
  }
}

/** 64-bit numbers are texts in the API. */
function readLink(tree: Tree): WrittenLink {
  const [writer = '', previousHash = '', hash = '', canonical = ''] = ['writer', 'previousHash', 'hash', 'canonical'].map((member) =>
    textIn(tree, member),
  )
  return { writer, sequence: Number(tree['sequence']), previousHash, hash, canonical }
}
