import type { ServerResponse } from 'node:http'
import { create, toJson } from '@bufbuild/protobuf'
import { ChangeSchema } from '@countersign/api/gen/countersign/v1/gates_pb.ts'
import type { ClusterChanges, ClusterSource, ClusterSources } from '@countersign/adapters/store/cluster-source.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { Caller } from '@countersign/service/access/caller.ts'
import type { Gates } from '@countersign/service/gates/gates.ts'
import { formatChange } from '../api/gates.ts'

const PATH = /^\/countersign\/v1\/(projects\/[^/]+\/clusters\/[^/]+)\/changes$/
const HEARTBEAT_MS = 10_000
/** Commits that come closer together than this are told of together. */
const GATHER_MS = 10
/** A follower that does not read for this long has gone away without saying so. */
const STALLED_MS = 30_000
const MAX_STREAMS = 2000
const MAX_STREAMS_OF_ONE = 100

/** Who asks for events, and from where on. */
export interface StreamRequest {
  readonly url: string
  /** The `Last-Event-ID` header: goes before `after` in the query. */
  readonly lastEventId: string | undefined
  readonly authorization: string | undefined
}

/** Writes one follower's events until it goes or the streams are closed. */
export type Stream = (response: ServerResponse) => void

/** The change feed over server-sent events (DESIGN §13): a wake-up and a cursor; what holds is always asked for, never taken from an event. */
export interface ChangeStreams {
  /** Opens a stream for a caller. NOT_FOUND where the path has no events, RESOURCE_EXHAUSTED where too many are open. */
  open(request: StreamRequest, caller: Caller): Promise<Stream>
  /** Something was committed. */
  wake(): void
  /** Ends every stream; later ones are UNAVAILABLE. */
  close(): void
}

export interface ChangeStreamParts {
  readonly gates: Pick<Gates, 'follow'>
  readonly sources: ClusterSources
  /** Asked again with each heartbeat: a token that was revoked follows no further. */
  readonly authenticate: (authorization: string | undefined) => Promise<Caller>
}

/** Makes the streams of one API port. */
export function makeChangeStreams(parts: ChangeStreamParts): ChangeStreams {
  const open = new Set<Follower>()
  let closed = false
  return {
    open: async ({ url, lastEventId, authorization }, caller) => {
      if (closed) throw new StatusError('UNAVAILABLE', 'The server is about to end: come again')
      const { name, after } = readUrl(url, lastEventId)
      const source = parts.sources.of(await parts.gates.follow(caller, name))
      const mine = [...open].filter((follower) => follower.principal === caller.principal).length
      if (open.size >= MAX_STREAMS || mine >= MAX_STREAMS_OF_ONE)
        throw new StatusError('RESOURCE_EXHAUSTED', 'Too many followers of the change feed are connected: close some, or poll')
      const check = async (): Promise<void> => void (await parts.gates.follow(await parts.authenticate(authorization), name))
      return (response) => {
        const follower = new Follower({ response, source, check, principal: caller.principal })
        open.add(follower)
        void follower.run(after).finally(() => open.delete(follower))
      }
    },
    wake: () => {
      for (const follower of open) follower.wake()
    },
    close: () => {
      closed = true
      for (const follower of open) follower.end()
    },
  }
}

function readUrl(url: string, lastEventId: string | undefined): { readonly name: string; readonly after: number | undefined } {
  const parsed = URL.parse(url, 'http://feed')
  const name = decode(PATH.exec(parsed?.pathname ?? '')?.[1] ?? '')
  if (parsed === null || name === '')
    throw new StatusError('NOT_FOUND', 'No events are sent for this path: expected projects/P/clusters/LOCATION.NAME/changes')
  const cursor = lastEventId ?? parsed.searchParams.get('after')
  if (cursor === null || cursor === '') return { name, after: undefined }
  if (!/^[0-9]{1,15}$/.test(cursor)) throw new StatusError('INVALID_ARGUMENT', 'The cursor is not valid: expected a position of the feed')
  return { name, after: Number(cursor) }
}

/** Empty for escapes that stand for no text. */
function decode(escaped: string): string {
  try {
    return decodeURIComponent(escaped)
  } catch {
    return ''
  }
}

interface FollowerParts {
  readonly response: ServerResponse
  readonly source: ClusterSource
  readonly check: () => Promise<void>
  readonly principal: string
}

class Follower {
  readonly principal: string
  readonly #parts: FollowerParts
  #ended = false
  #woken = false
  /** A heartbeat is due, however busy the feed is: with it the token is looked at again. */
  #due = false
  readonly #pulse: NodeJS.Timeout
  #rouse: () => void = () => {}

  constructor(parts: FollowerParts) {
    this.principal = parts.principal
    this.#parts = parts
    parts.response.once('close', () => this.end())
    this.#pulse = setInterval(() => {
      this.#due = true
      this.#rouse()
    }, HEARTBEAT_MS)
  }

  wake(): void {
    this.#woken = true
    this.#rouse()
  }

  end(): void {
    this.#ended = true
    clearInterval(this.#pulse)
    this.#rouse()
  }

  /** Ends without a word where anything fails: the follower comes again with its cursor, and is told then. */
  async run(after: number | undefined): Promise<void> {
    const { response } = this.#parts
    try {
      let cursor = after ?? (await this.#sendWorldPosition('snapshot'))
      while (!this.#ended) {
        this.#woken = false
        const piece = await this.#read(cursor)
        cursor = piece === undefined ? await this.#sendWorldPosition('resync') : await this.#sendChanges(piece)
        if (this.#due) await this.#beat(cursor)
        if (piece === undefined || piece.position >= piece.head) await this.#rest()
      }
      response.end()
    } catch {
      response.destroy()
    } finally {
      this.end()
    }
  }

  async #read(cursor: number): Promise<ClusterChanges | undefined> {
    try {
      return await this.#parts.source.readChanges(cursor)
    } catch (failure) {
      if (failure instanceof StatusError && failure.code === 'OUT_OF_RANGE') return undefined
      throw failure
    }
  }

  async #sendWorldPosition(event: 'snapshot' | 'resync'): Promise<number> {
    const { position } = await this.#parts.source.loadProject()
    await this.#send(event, position, { position: String(position) })
    return position
  }

  async #sendChanges({ changes, position }: ClusterChanges): Promise<number> {
    for (const change of changes) await this.#send('change', change.position, toJson(ChangeSchema, create(ChangeSchema, formatChange(change))))
    return position
  }

  async #send(event: string, id: number, data: unknown): Promise<void> {
    const { response } = this.#parts
    if (this.#ended || response.write(`id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`)) return
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('The follower does not read')), STALLED_MS)
      const go = (): void => {
        clearTimeout(timer)
        response.off('drain', go)
        response.off('close', go)
        resolve()
      }
      response.once('drain', go)
      response.once('close', go)
    })
  }

  async #beat(cursor: number): Promise<void> {
    this.#due = false
    await this.#parts.check()
    await this.#send('heartbeat', cursor, { position: String(cursor) })
  }

  /** Waits for a commit, and a moment for those that come with it, or for the time of a heartbeat. */
  async #rest(): Promise<void> {
    const isRoused = (): boolean => this.#woken || this.#due || this.#ended
    if (!isRoused()) {
      await new Promise<void>((resolve) => {
        this.#rouse = resolve
      })
    }
    if (this.#woken && !this.#ended) await new Promise((resolve) => setTimeout(resolve, GATHER_MS))
  }
}
