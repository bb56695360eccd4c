import { mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { appendToChain, type ChainHead, EMPTY_CHAIN } from '@countersign/evidence/record/chain.ts'
import type { SpoolRecord } from '../ports.ts'
import { parseHeader, parseLine } from './line.ts'

/** A segment as found: its valid records end at `bytes`. */
export interface Segment {
  readonly file: string
  readonly firstSequence: number
  readonly bytes: number
}

/** What a start found in the spool's folder, and what it had to cut off. */
export interface Recovery {
  readonly writer: string
  readonly segments: readonly Segment[]
  /** The last good record's place and hash. */
  readonly head: ChainHead
  /** Bytes behind the last good record, set aside beside the segments; 0 after a clean stop. */
  readonly tornBytes: number
  /** Whether some of it stood before the last segment's end: no power loss does that, so decisions that were answered may be among it. */
  readonly damaged: boolean
}

const SEGMENT = /^\d{16}\.jsonl$/

/**
 * Opens a spool's folder after whatever happened to it. Every hash of every segment is checked. Records of a group that
 * was being written when the power went are cut off: nobody was answered by them. What is cut off is kept in
 * `<segment>.torn` for an operator's eyes, and the sequence goes on behind the last good record.
 */
export function recoverSpool(folder: string, newWriter: () => string): Recovery {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const files = readdirSync(folder).filter((name) => SEGMENT.test(name))
  const segments: Segment[] = []
  let writer: string | undefined
  let head = EMPTY_CHAIN
  let tornBytes = 0
  let damaged = false
  for (const [index, file] of files.sort().entries()) {
    const bytes = readFileSync(join(folder, file))
    const found = readSegment(bytes, writer === undefined ? undefined : { writer, head })
    const torn = setTornAside(join(folder, file), bytes.subarray(found?.bytes ?? 0), found?.bytes ?? 0)
    tornBytes += torn
    damaged ||= torn > 0 && index < files.length - 1
    if (found === undefined) continue
    writer = found.writer
    head = found.head
    segments.push({ file, firstSequence: found.firstSequence, bytes: found.bytes })
  }
  return { writer: writer ?? newWriter(), segments, head, tornBytes, damaged }
}

function setTornAside(path: string, torn: Buffer, good: number): number {
  if (torn.length === 0) return 0
  writeFileSync(`${path}.torn`, torn, { mode: 0o600 })
  if (good === 0) rmSync(path)
  else truncateSync(path, good)
  return torn.length
}

/** Reads the records of a segment's bytes that come after `sequence`, at most `limit`; the file was checked when it was recovered. */
export function readRecords(bytes: Buffer, sequence: number, limit: number): readonly SpoolRecord[] {
  const records: SpoolRecord[] = []
  let start = bytes.indexOf(10) + 1
  for (let end = bytes.indexOf(10, start); end >= 0 && records.length < limit; end = bytes.indexOf(10, start)) {
    const record = parseLine(bytes.toString('utf8', start, end))
    if (record !== undefined && record.sequence > sequence) records.push(record)
    start = end + 1
  }
  return records
}

interface Place {
  readonly writer: string
  readonly head: ChainHead
}

/** The good part of a segment; undefined where nothing of it continues `after`. The first segment's header is believed. */
function readSegment(bytes: Buffer, after: Place | undefined): (Place & { readonly firstSequence: number; readonly bytes: number }) | undefined {
  const end = bytes.indexOf(10)
  const header = end < 0 ? undefined : parseHeader(bytes.toString('utf8', 0, end))
  if (header === undefined) return undefined
  let head: ChainHead = { sequence: header.sequence - 1, hash: header.previousHash }
  if (after !== undefined && (header.writer !== after.writer || head.sequence !== after.head.sequence || head.hash !== after.head.hash))
    return undefined
  let good = end + 1
  for (let stop = bytes.indexOf(10, good); stop >= 0; stop = bytes.indexOf(10, good)) {
    const record = parseLine(bytes.toString('utf8', good, stop))
    const link = record === undefined ? undefined : appendToChain(header.writer, head, record.canonical)
    if (link === undefined || link.hash !== record?.hash || link.sequence !== record.sequence) break
    head = { sequence: link.sequence, hash: link.hash }
    good = stop + 1
  }
  return { writer: header.writer, head, firstSequence: header.sequence, bytes: good }
}
