import { isImageDigest } from '@countersign/core/image/reference.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { Caller } from '../access/caller.ts'
import { requirePermission } from '../access/permission.ts'
import type { Feed } from '../changes/change.ts'
import { acceptOwner } from './names.ts'

const MAX_WAIT_MS = 60_000
const LOOK_MS = 500
const ROWS = 500
/** Who waits holds a connection and looks at the feed twice a second: more than these had better ask again themselves. */
const MAX_WAITING = 500
const MAX_WAITING_OF_ONE = 50

/** What is waited for. */
export interface AwaitAsked {
  readonly digest: string
  /** The position of an earlier answer; 0: answer at once with the position of now. */
  readonly after: number
  /** Milliseconds, at most a minute. */
  readonly waitMs: number
}

/** `position` is where to ask on from; `changed`: something about the digest was written or deleted after `after`. */
export interface Awaited {
  readonly position: number
  readonly changed: boolean
}

/** Waits for news of one image in one project. INVALID_ARGUMENT, PERMISSION_DENIED, and RESOURCE_EXHAUSTED where too many wait already. */
export type AwaitEvidence = (caller: Caller, parent: string, asked: AwaitAsked) => Promise<Awaited>

export interface AwaitPorts {
  readonly feed: Feed
  readonly now: () => number
  readonly sleep: (ms: number) => Promise<void>
}

/**
 * Makes the part of the metadata flow that waits. It reads the feed rather than hear of commits, so that what another server commits counts like
 * what this one does. Of other projects and images nothing is told, not even that something happened.
 */
export function makeAwaitEvidence(ports: AwaitPorts): AwaitEvidence {
  const waiting = new Map<string, number>()
  return async (caller, parent, asked) => {
    const project = acceptOwner(parent)
    requirePermission(caller, 'containeranalysis.occurrences.list', `projects/${project}`)
    refuse(asked)
    if (asked.after === 0) return { position: await ports.feed.head(), changed: false }
    return await counted(waiting, caller.principal, () => waitOn(ports, project, asked))
  }
}

function refuse({ digest, after, waitMs }: AwaitAsked): void {
  if (!isImageDigest(digest)) throw new StatusError('INVALID_ARGUMENT', 'digest is not valid: expected sha256: and 64 hexadecimal digits')
  if (!(after >= 0)) throw new StatusError('INVALID_ARGUMENT', 'after is not valid: expected the position of an earlier answer')
  if (!(waitMs >= 0 && waitMs <= MAX_WAIT_MS))
    throw new StatusError('INVALID_ARGUMENT', `wait is not valid: expected at most ${MAX_WAIT_MS / 1000} seconds`)
}

async function counted<T>(waiting: Map<string, number>, principal: string, work: () => Promise<T>): Promise<T> {
  const mine = waiting.get(principal) ?? 0
  const all = waiting.values().reduce((sum, count) => sum + count, 0)
  if (all >= MAX_WAITING || mine >= MAX_WAITING_OF_ONE) throw new StatusError('RESOURCE_EXHAUSTED', 'Too many wait for evidence: ask again later')
  waiting.set(principal, mine + 1)
  try {
    return await work()
  } finally {
    const left = (waiting.get(principal) ?? 1) - 1
    if (left === 0) waiting.delete(principal)
    else waiting.set(principal, left)
  }
}

async function waitOn({ feed, now, sleep }: AwaitPorts, project: string, { digest, after, waitMs }: AwaitAsked): Promise<Awaited> {
  const deadline = now() + waitMs
  for (let position = after; ; ) {
    const rows = await feed.after(position, ROWS)
    position = rows.at(-1)?.position ?? position
    if (rows.some((row) => row.project === project && row.digest === digest)) return { position, changed: true }
    if (rows.length === ROWS) continue
    if (now() >= deadline) return { position, changed: false }
    await sleep(Math.min(LOOK_MS, deadline - now()))
  }
}
