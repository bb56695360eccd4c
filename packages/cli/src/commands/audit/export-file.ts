import type { Segment } from '@countersign/evidence/log/segment.ts'
import { isTree, textIn, type Tree, treesIn } from '../../connection/api.ts'
import { formatJson } from '../../output/format.ts'
import { UsageError } from '../../terminal.ts'
import type { LogHeader, LogSource, WrittenLink } from './chains.ts'

/** The first member of an export's first line (docs/spec/audit-log.md). */
const FORMAT = 'countersign.audit-export.v1'

/** The lines of an export: the header, the segments, then every record, exactly as hashed. */
export async function* exportLines({ header, segments, links }: LogSource): AsyncGenerator<string> {
  const heads = header.heads.map(({ writer, head }) => ({ writer, sequence: head.sequence, hash: head.hash }))
  const { checkpoint, publicKey } = header
  yield formatJson({ export: FORMAT, checkpoint, publicKey, heads }, 0)
  for (const { start, writer, first, last } of segments) yield formatJson({ start, writer, first, last }, 0)
  for (const { writer } of header.heads) {
    for await (const { sequence, previousHash, hash, canonical } of links(writer))
      yield formatJson({ writer, sequence, previousHash, hash, canonical }, 0)
  }
}

/** Reads an export. UsageError with the line that is not as an export writes it, byte for byte. */
export function parseExport(text: string, file: string): LogSource {
  const lines = parseLines(text, file)
  const header = readHeader(lines.next().value, file)
  const segments: Segment[] = []
  const chains = new Map<string, WrittenLink[]>(header.heads.map(({ writer }) => [writer, []]))
  for (const { tree, place } of lines) {
    const part = readPart(tree)
    if (part === undefined) throw noPart(place)
    if ('start' in part) segments.push(part)
    else if (chains.get(part.writer)?.push(part) === undefined) chains.set(part.writer, [part])
  }
  const known = new Set(header.heads.map(({ writer }) => writer))
  return { header, segments, links: (writer) => chains.get(writer) ?? [], strangers: [...chains.keys()].filter((writer) => !known.has(writer)) }
}

interface Line {
  readonly tree: Tree
  readonly place: string
}

function* parseLines(text: string, file: string): Generator<Line, undefined> {
  let number = 0
  for (const line of text.split('\n')) {
    number++
    const place = `${file}:${number}`
    if (line === '' && number > 1) continue
    yield { tree: parseLine(line, place), place }
  }
  return undefined
}

/** One value has one text here, so that no byte can be another without being named. */
function parseLine(line: string, place: string): Tree {
  try {
    const tree: unknown = JSON.parse(line)
    if (isTree(tree) && formatJson(tree, 0) === `${line}\n`) return tree
  } catch {
    // Told below: whatever is no JSON object is no part of an export.
  }
  throw noPart(place)
}

function noPart(place: string): UsageError {
  return new UsageError(`${place}: this line is no part of an audit export`, 'An export is made with: countersign audit export > audit.jsonl')
}

function readHeader(line: Line | undefined, file: string): LogHeader {
  const tree = line?.tree ?? {}
  if (tree['export'] !== FORMAT)
    throw new UsageError(`${file}:1: an audit export begins with ${FORMAT}`, 'Make it anew: countersign audit export > audit.jsonl')
  const [checkpoint, publicKey] = [textIn(tree, 'checkpoint'), textIn(tree, 'publicKey')]
  const heads = treesIn(tree, 'heads').map((head) => ({
    writer: textIn(head, 'writer'),
    head: { sequence: Number(head['sequence']), hash: textIn(head, 'hash') },
  }))
  // A member under another name would be passed over unseen.
  const known = {
    export: FORMAT,
    ...(checkpoint === '' ? {} : { checkpoint, publicKey }),
    heads: heads.map(({ writer, head }) => ({ writer, ...head })),
  }
  if (JSON.stringify(known) !== JSON.stringify(tree)) throw noPart(line?.place ?? file)
  return { heads, ...(checkpoint === '' ? {} : { checkpoint, publicKey }) }
}

function readPart(tree: Tree): Segment | WrittenLink | undefined {
  const { start, writer, first, last, sequence, previousHash, hash, canonical } = tree
  if (typeof writer !== 'string') return undefined
  if (typeof start === 'number' && typeof first === 'number' && typeof last === 'number') return { start, writer, first, last }
  const isRecord = [previousHash, hash, canonical].every((text) => typeof text === 'string') && typeof sequence === 'number'
  return isRecord ? { writer, sequence, previousHash: String(previousHash), hash: String(hash), canonical: String(canonical) } : undefined
}
