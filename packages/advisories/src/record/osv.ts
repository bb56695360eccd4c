import { isJsonObject, type JsonObject } from '@countersign/core/json-object.ts'
import type { Issue, Parsed } from '@countersign/core/parsed.ts'
import { parseRating, type Severity } from '@countersign/core/vulnerability/severity.ts'
import { type Ecosystem, parseEcosystem, versionOrder } from '../ecosystem.ts'
import type { AffectedPackage, AffectedRange, Advisory } from './advisory.ts'

/** More than the largest record that is published has; what has more is refused. */
const MAX_AFFECTED = 20_000
const MAX_EVENTS = 2000
const MAX_VERSIONS = 100_000
const MAX_TEXT = 100_000

/**
 * Reads a record in the OSV schema (ossf.github.io/osv-schema, 1.x). Packages of ecosystems whose versions we cannot order, and ranges of
 * commits, are left out and told in `notes`. Unknown members are let pass, as the schema demands.
 */
export function readOsv(tree: unknown): Parsed<Advisory> {
  if (!isJsonObject(tree)) return refuse([], 'Expected an OSV record, which is an object')
  const { id, modified, affected } = tree
  if (typeof id !== 'string' || id === '' || id.length > 256) return refuse(['id'], 'Expected the id of the record, a text of at most 256 characters')
  if (typeof modified !== 'string') return refuse(['modified'], 'Expected the time of the last change')
  if (affected !== undefined && !Array.isArray(affected)) return refuse(['affected'], 'Expected a list of packages')
  if ((affected?.length ?? 0) > MAX_AFFECTED) return refuse(['affected'], `Expected at most ${MAX_AFFECTED} packages, found ${affected?.length}`)
  const notes: Issue[] = []
  const rating = ratingOf(tree.database_specific)
  return {
    ok: true,
    notes,
    value: {
      id,
      aliases: texts(tree.aliases),
      summary: text(tree.summary),
      details: text(tree.details),
      modified,
      ...(typeof tree.published === 'string' ? { published: tree.published } : {}),
      ...(typeof tree.withdrawn === 'string' ? { withdrawn: tree.withdrawn } : {}),
      references: objects(tree.references).map(({ url }) => text(url)),
      affected: objects(affected).flatMap((entry, index) =>
        readAffected(entry, (path, message) => notes.push({ path: ['affected', index, ...path], message })),
      ),
      cvssVectors: [...objects(tree.severity), ...objects(affected).flatMap((entry) => objects(entry.severity))].map(({ score }) => text(score)),
      ...(rating === undefined ? {} : { rating }),
    },
  }
}

type Note = (path: Issue['path'], message: string) => void

function readAffected(entry: JsonObject, note: Note): readonly AffectedPackage[] {
  const { ecosystem: written, name } = isJsonObject(entry.package) ? entry.package : {}
  if (typeof written !== 'string' || typeof name !== 'string') return []
  const ecosystem = parseEcosystem(written)
  if (ecosystem === undefined) {
    note(['package', 'ecosystem'], `Not read: the versions of "${written}" have no order here`)
    return []
  }
  const ranges = objects(entry.ranges).flatMap((range, index) =>
    readRange(range, ecosystem, (path, message) => note(['ranges', index, ...path], message)),
  )
  const rating = ratingOf(entry.ecosystem_specific) ?? ratingOf(entry.database_specific)
  return [{ ecosystem, name, ranges, versions: texts(entry.versions).slice(0, MAX_VERSIONS), ...(rating === undefined ? {} : { rating }) }]
}

interface Event {
  readonly kind: 'introduced' | 'fixed' | 'last_affected'
  readonly version: string
}

/**
 * Turns events into ranges. They are sorted by the ecosystem's order first, as the schema's evaluation does; a fix without an introduction
 * before it ends nothing, and an introduction inside an open range changes nothing.
 */
function readRange(range: JsonObject, ecosystem: Ecosystem, note: Note): readonly AffectedRange[] {
  if (range.type === 'GIT') return []
  const events = objects(range.events).slice(0, MAX_EVENTS).flatMap(readEvent)
  const order = versionOrder(ecosystem.name)
  const unordered = events.find(({ version }) => version !== '0' && order(version, version) === undefined)
  if (unordered !== undefined) note(['events'], `Not ordered: "${unordered.version}" is no version of ${ecosystem.name}`)
  const sorted = events.toSorted((one, other) => rank(one) - rank(other) || (order(one.version, other.version) ?? 0))
  return closeRanges(unordered === undefined ? sorted : events)

  function rank({ version }: Event): number {
    return version === '0' ? 0 : 1
  }
}

function closeRanges(events: readonly Event[]): readonly AffectedRange[] {
  const ranges: AffectedRange[] = []
  let introduced: string | undefined
  for (const { kind, version } of events) {
    if (kind === 'introduced') introduced ??= version
    else if (introduced !== undefined) {
      ranges.push({ introduced, end: { kind: kind === 'fixed' ? 'FIXED' : 'LAST_AFFECTED', version } })
      introduced = undefined
    }
  }
  if (introduced !== undefined) ranges.push({ introduced, end: { kind: 'OPEN' } })
  return ranges
}

function readEvent(event: JsonObject): readonly Event[] {
  for (const kind of ['introduced', 'fixed', 'last_affected'] as const) {
    const version = event[kind]
    if (typeof version === 'string') return [{ kind, version }]
  }
  return []
}

/** Feeds keep their own word in places of their own: GitHub's `severity`, Debian's and Ubuntu's `urgency` and `priority`. */
function ratingOf(specific: unknown): Severity | undefined {
  if (!isJsonObject(specific)) return undefined
  const words = [specific.severity, specific.urgency, specific.priority]
  return words.flatMap((word) => (typeof word === 'string' ? [parseRating(word)] : [])).find((rating) => rating !== undefined)
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, MAX_TEXT) : ''
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

function objects(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : []
}

function refuse(path: Issue['path'], message: string): Parsed<never> {
  return { ok: false, issues: [{ path, message }] }
}
