import type { SpoolRecord } from '../ports.ts'

/**
 * A segment of the spool is a text file. Its first line says where the chain stands before its first record:
 * `{"writer":…,"sequence":N,"previousHash":…}`. Every other line is one record as a JSON object, its canonical text last
 * and verbatim: `{"sequence":…,"previousHash":…,"hash":…,"record":{…}}`. Canonical JSON holds no raw line feed, so a
 * line is a record. A line counts only with its line feed and with the hash that its
 * chain demands; the rest of a file behind the first line that does not is a torn tail.
 */
export interface SegmentHeader {
  readonly writer: string
  /** Sequence of the first record that this segment may hold. */
  readonly sequence: number
  readonly previousHash: string
}

const RECORD = ',"record":'

/** Formats the first line of a segment. */
export function formatHeader(header: SegmentHeader): string {
  return `${JSON.stringify({ writer: header.writer, sequence: header.sequence, previousHash: header.previousHash })}\n`
}

/** Reads the first line of a segment; undefined where it is none. */
export function parseHeader(line: string): SegmentHeader | undefined {
  const head = parseObject(line)
  if (head === undefined) return undefined
  const { writer, sequence, previousHash } = head
  if (typeof writer !== 'string' || typeof sequence !== 'number' || typeof previousHash !== 'string') return undefined
  return { writer, sequence, previousHash }
}

/** Formats one record, line feed included. Hashes need no escaping: they hold no quote. */
export function formatLine(record: SpoolRecord): string {
  return `{"sequence":${record.sequence},"previousHash":"${record.previousHash}","hash":"${record.hash}"${RECORD}${record.canonical}}\n`
}

/** Reads one record from a line without its line feed; undefined where it is none. Whether it belongs to the chain is the reader's to check. */
export function parseLine(line: string): SpoolRecord | undefined {
  const cut = line.indexOf(RECORD)
  if (cut < 0 || !line.endsWith('}')) return undefined
  const head = parseObject(`${line.slice(0, cut)}}`)
  if (head === undefined) return undefined
  const { sequence, previousHash, hash } = head
  if (typeof sequence !== 'number' || typeof previousHash !== 'string' || typeof hash !== 'string') return undefined
  return { sequence, previousHash, hash, canonical: line.slice(cut + RECORD.length, -1) }
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
