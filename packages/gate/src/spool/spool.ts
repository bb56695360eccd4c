import { closeSync, constants, fsyncSync, ftruncateSync, openSync, readFileSync, rmSync, write, writeSync } from 'node:fs'
import { join } from 'node:path'
import { StatusError } from '@countersign/core/status.ts'
import { appendToChain, type ChainHead } from '@countersign/evidence/record/chain.ts'
import type { SpoolRecord } from '../ports.ts'
import { formatHeader, formatLine } from './line.ts'
import { readRecords, type Recovery, recoverSpool, type Segment } from './recover.ts'

/** A record before the spool gives it its place in the chain. */
export type SpoolDraft = Pick<SpoolRecord, 'canonical'>

export interface SpoolOptions {
  readonly folder: string
  readonly newWriter: () => string
  readonly maxBytes: number
  readonly segmentBytes: number
}

interface Waiter {
  readonly draft: SpoolDraft
  readonly settle: (failure: StatusError | undefined) => void
}

interface OpenSegment {
  readonly file: string
  readonly descriptor: number
  readonly firstSequence: number
  bytes: number
}

/** Every write to a segment returns only when its bytes are on disk: write and fdatasync in one trip through the thread pool. */
const DURABLE = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_DSYNC
/**
 * A synchronised write costs about as much processor time as several admissions, whatever it holds, so a group is closed only
 * when a turn of the event loop brought nothing more, which is at once where there is nothing else to do; or, in the midst of a
 * turn, when it is this large, so that the disk works while the rest of a crowd is judged. No clock and no timer has a part in it.
 */
const FULL_GROUP = 96

/**
 * The gate's own durable log. Order of effects: while one group is written, the next one forms; a record's place in the
 * chain is given when its group is written, so that a group that fails leaves no gap; callers hear of their record only
 * after the synchronised write came back. Every waiter of a failed group is told; the group is cut off the file
 * before anything else is written, and a new segment begun, for what a failed sync left behind is not to be trusted.
 */
export class Spool {
  readonly writer: string
  readonly recovery: Recovery
  /** Called after each group that became durable, with its records. */
  onDurable: (records: readonly SpoolRecord[]) => void = () => {}
  readonly #options: SpoolOptions
  #sealed: Segment[]
  #open: OpenSegment | undefined
  #spoiled: OpenSegment | undefined
  #head: ChainHead
  #forming: Waiter[] = []
  #writing = false
  /** Set while a group forms and nothing is being written. */
  #gathering: NodeJS.Immediate | undefined
  #closed = false
  #idle: (() => void)[] = []

  /** Opens the folder and recovers it. Throws what the file system throws where the folder cannot be read. */
  constructor(options: SpoolOptions) {
    this.#options = options
    this.recovery = recoverSpool(options.folder, options.newWriter)
    this.writer = this.recovery.writer
    this.#head = this.recovery.head
    this.#sealed = [...this.recovery.segments]
  }

  /** Sequence of the last durable record. */
  get sequence(): number {
    return this.#head.sequence
  }

  /** Sequence of the oldest record still kept, or the next one where none is. */
  get oldest(): number {
    return this.#sealed[0]?.firstSequence ?? this.#open?.firstSequence ?? this.#head.sequence + 1
  }

  /** Bytes of all segments. */
  get bytes(): number {
    return this.#sealed.reduce((sum, segment) => sum + segment.bytes, this.#open?.bytes ?? 0)
  }

  /** Calls `settle` once the record is durable, or with the reason why it is not: UNAVAILABLE, or RESOURCE_EXHAUSTED where the spool is full. */
  append(draft: SpoolDraft, settle: Waiter['settle']): void {
    if (this.#closed) return settle(new StatusError('UNAVAILABLE', 'Cannot record the decision: the spool is closed'))
    this.#forming.push({ draft, settle })
    if (!this.#writing) {
      this.#writing = true
      this.#gather(0)
    } else if (this.#gathering !== undefined && this.#forming.length >= FULL_GROUP) {
      this.#writeGroup()
    }
  }

  /** Records after `sequence` in order, at most `limit`, from the segments on disk. */
  readAfter(sequence: number, limit: number): readonly SpoolRecord[] {
    const segments: readonly { file: string; firstSequence: number }[] = [...this.#sealed, ...(this.#open === undefined ? [] : [this.#open])]
    const holding = segments.findLastIndex((segment) => segment.firstSequence <= sequence + 1)
    const records: SpoolRecord[] = []
    for (const segment of segments.slice(Math.max(holding, 0))) {
      if (records.length >= limit) break
      records.push(...readRecords(readFileSync(join(this.#options.folder, segment.file)), sequence, limit - records.length))
    }
    return records.filter((record) => record.sequence <= this.#head.sequence)
  }

  /** Deletes the segments whose records are all stored up to `sequence`; the one being written stays. */
  forget(sequence: number): void {
    const next = (index: number) => this.#sealed[index + 1]?.firstSequence ?? this.#open?.firstSequence
    const done = this.#sealed.filter((_, index) => (next(index) ?? Number.POSITIVE_INFINITY) <= sequence + 1)
    for (const segment of done) rmSync(join(this.#options.folder, segment.file), { force: true })
    this.#sealed = this.#sealed.filter((segment) => !done.includes(segment))
  }

  /** Waits for what is being written, then refuses everything; what is there can still be read and forgotten. */
  async close(): Promise<void> {
    if (this.#writing) await new Promise<void>((resolve) => this.#idle.push(resolve))
    this.#closed = true
    this.#seal()
  }

  #gather(before: number): void {
    this.#gathering = setImmediate(() => {
      const { length } = this.#forming
      if (length > before && length < FULL_GROUP) this.#gather(length)
      else this.#writeGroup()
    })
  }

  #writeGroup(): void {
    clearImmediate(this.#gathering)
    this.#gathering = undefined
    const group = this.#forming
    this.#forming = []
    const records = this.#link(group)
    const bytes = Buffer.from(records.map(formatLine).join(''), 'utf8')
    const segment = this.#segmentFor(bytes.length)
    if (segment instanceof StatusError) return this.#finish(group, segment)
    write(segment.descriptor, bytes, 0, bytes.length, segment.bytes, (failure, written) => {
      if (failure !== null || written < bytes.length) return this.#undo(segment, group, failure)
      segment.bytes += bytes.length
      const last = records.at(-1)
      if (last !== undefined) this.#head = { sequence: last.sequence, hash: last.hash }
      this.#finish(group, undefined)
      this.onDurable(records)
    })
  }

  #link(group: readonly Waiter[]): readonly SpoolRecord[] {
    let head = this.#head
    return group.map(({ draft }) => {
      const link = appendToChain(this.writer, head, draft.canonical)
      head = link
      return link
    })
  }

  #segmentFor(bytes: number): OpenSegment | StatusError {
    if (this.bytes + bytes > this.#options.maxBytes) {
      return new StatusError(
        'RESOURCE_EXHAUSTED',
        `Cannot record the decision: the spool holds ${this.bytes} bytes that the store has not taken, at most ${this.#options.maxBytes} are kept`,
      )
    }
    if (this.#open !== undefined && this.#open.bytes + bytes <= this.#options.segmentBytes) return this.#open
    try {
      this.#cutSpoiled()
      this.#seal()
      this.#open = this.#newSegment()
      return this.#open
    } catch (cause) {
      return new StatusError('UNAVAILABLE', 'Cannot record the decision: the spool cannot be written', { cause })
    }
  }

  #seal(): void {
    if (this.#open === undefined) return
    closeSync(this.#open.descriptor)
    this.#sealed.push({ file: this.#open.file, firstSequence: this.#open.firstSequence, bytes: this.#open.bytes })
    this.#open = undefined
  }

  /** The header and the file's name in its folder are made durable before the first record. */
  #newSegment(): OpenSegment {
    const firstSequence = this.#head.sequence + 1
    const file = `${String(firstSequence).padStart(16, '0')}.jsonl`
    this.#sealed = this.#sealed.filter((segment) => segment.file !== file)
    const descriptor = openSync(join(this.#options.folder, file), DURABLE, 0o600)
    const header = formatHeader({ writer: this.writer, sequence: firstSequence, previousHash: this.#head.hash })
    try {
      writeSync(descriptor, header)
      fsyncSync(descriptor)
      syncFolder(this.#options.folder)
    } catch (failure) {
      closeSync(descriptor)
      throw failure
    }
    return { file, descriptor, firstSequence, bytes: Buffer.byteLength(header) }
  }

  #undo(segment: OpenSegment, group: readonly Waiter[], cause: Error | null): void {
    this.#spoiled = segment
    this.#open = undefined
    const options = cause === null ? undefined : { cause }
    this.#finish(group, new StatusError('UNAVAILABLE', 'Cannot record the decision: the spool cannot be written', options))
  }

  /** Nothing is written anywhere until the failed group is durably gone: a start would take it for the chain's next records. */
  #cutSpoiled(): void {
    const segment = this.#spoiled
    if (segment === undefined) return
    ftruncateSync(segment.descriptor, segment.bytes)
    fsyncSync(segment.descriptor)
    closeSync(segment.descriptor)
    this.#sealed.push({ file: segment.file, firstSequence: segment.firstSequence, bytes: segment.bytes })
    this.#spoiled = undefined
  }

  #finish(group: readonly Waiter[], failure: StatusError | undefined): void {
    for (const waiter of group) waiter.settle(failure)
    if (this.#forming.length > 0) return this.#gather(0)
    this.#writing = false
    for (const resolve of this.#idle.splice(0)) resolve()
  }
}

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
