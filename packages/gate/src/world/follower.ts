import type { Instant } from '@countersign/core/instant.ts'
import type { ProjectId } from '@countersign/core/name/resource-name.ts'
import { StatusError } from '@countersign/core/status.ts'
import type { ChangeNotice, ProjectWorld, WorldSource } from '../ports.ts'
import type { GateLog, Surroundings } from '../surroundings.ts'
import { compileWorld, NO_WORLD, replaceProjects, type World } from './world.ts'

export interface FollowerOptions {
  readonly source: WorldSource
  readonly surroundings: Pick<Surroundings, 'now'>
  readonly log: GateLog
  readonly pollIntervalMs: number
  /** Called with each change before the world that holds it is shown. */
  readonly onChange: (notice: ChangeNotice) => void
  /** Called where the feed no longer reaches back to what was read: everything older than `position` may have changed. */
  readonly onReload: (position: number) => void
}

/**
 * Keeps the world current: reads the change feed when woken and, in case a wake-up was lost, every poll interval. One
 * reading runs at a time. A position counts as applied only when all it touches was read anew, so a failed reading is
 * repeated from where it stood.
 */
export class Follower {
  readonly #options: FollowerOptions
  #world: World = NO_WORLD
  #lastRead: Instant
  #reading: Promise<void> | undefined
  #again = false
  #timer: NodeJS.Timeout | undefined
  #failing = false

  constructor(options: FollowerOptions) {
    this.#options = options
    this.#lastRead = options.surroundings.now()
  }

  get world(): World {
    return this.#world
  }

  /** Whether a world was ever read. */
  get loaded(): boolean {
    return this.#world !== NO_WORLD
  }

  /** Milliseconds since the feed was last read to its end; before the first time, since the follower was made. */
  get ageMs(): number {
    return this.#options.surroundings.now() - this.#lastRead
  }

  /** Reads the world for the first time and begins to follow. A source that is away is asked again; until then nothing is decided. */
  async start(): Promise<void> {
    this.#timer = setInterval(() => void this.#poll(), this.#options.pollIntervalMs)
    this.#timer.unref()
    await this.#poll()
  }

  /** Reads the feed now. Resolves once `position` (default: whatever the feed holds now) is applied; rejects where the source fails. */
  async wake(position = 0): Promise<void> {
    await this.#read()
    if (this.#world.position >= position) return
    throw new StatusError('UNAVAILABLE', `Cannot reach feed position ${position}: the feed ends at ${this.#world.position}`)
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  async #poll(): Promise<void> {
    try {
      await this.#read()
      this.#failing = false
    } catch (cause) {
      if (!this.#failing) this.#options.log.alarm('Cannot read the change feed: decisions go on with what is known', { cause: String(cause) })
      this.#failing = true
    }
  }

  /** A reading that already runs may have begun before the change that woke us, so it is told to go round once more. */
  #read(): Promise<void> {
    this.#again = true
    this.#reading ??= this.#readToEnd()
    return this.#reading
  }

  async #readToEnd(): Promise<void> {
    try {
      while (this.#again) {
        this.#again = false
        if (!this.loaded) await this.#reload()
        while (await this.#readPage()) continue
        this.#lastRead = this.#options.surroundings.now()
      }
    } finally {
      this.#reading = undefined
    }
  }

  async #reload(): Promise<void> {
    const { position, projects } = await this.#options.source.loadWorld()
    this.#options.onReload(position)
    this.#world = compileWorld(position, projects)
  }

  async #readPage(): Promise<boolean> {
    const notices = await this.#changes()
    const last = notices?.at(-1)
    if (notices === undefined || last === undefined) return false
    for (const notice of notices) this.#options.onChange(notice)
    const touched = new Set(notices.flatMap((notice) => touchedProjects(this.#world, notice)))
    const changed = new Map<ProjectId, ProjectWorld | undefined>()
    for (const project of touched) changed.set(project, (await this.#options.source.loadProject(project)).world)
    this.#world = changed.size === 0 ? { ...this.#world, position: last.position } : replaceProjects(this.#world, last.position, changed)
    return true
  }

  /** A source that no longer has the rows behind our position says OUT_OF_RANGE; then everything is read anew. */
  async #changes(): Promise<readonly ChangeNotice[] | undefined> {
    try {
      return await this.#options.source.changesAfter(this.#world.position)
    } catch (failure) {
      if (!(failure instanceof StatusError) || failure.code !== 'OUT_OF_RANGE') throw failure
      await this.#reload()
      return undefined
    }
  }
}

/** Whose worlds a change touches: its own project's, and those whose policy names an attestor of that project or on that note. */
function touchedProjects(world: World, notice: ChangeNotice): readonly ProjectId[] {
  if (notice.kind === 'ATTESTATION' || notice.kind === 'OCCURRENCE' || notice.kind === 'TOKEN') return []
  if (notice.kind === 'POLICY' || notice.kind === 'EXEMPTION' || notice.kind === 'BREAK_GLASS' || notice.kind === 'CLUSTER') return [notice.project]
  const theirs = `projects/${notice.project}/`
  const naming = [...world.projects.values()].filter(({ world: { attestors } }) =>
    Object.entries(attestors).some(
      ([name, named]) => name.startsWith(theirs) || (named.state === 'PRESENT' && named.attestor.note.startsWith(theirs)),
    ),
  )
  return [notice.project, ...naming.map(({ world: { project } }) => project)]
}
