import { comparableName, type Ecosystem, isDistribution, versionOrder } from '../ecosystem.ts'
import type { AffectedPackage, AffectedRange, Advisory } from '../record/advisory.ts'
import type { VersionOrder } from '../version/order.ts'
import { compareRpm } from '../version/rpm.ts'

/** A package as it is installed in an image. */
export interface InstalledPackage {
  readonly ecosystem: Ecosystem
  readonly name: string
  readonly version: string
  /** What a distribution built it from; its fixes are published under the source's name and version. */
  readonly source?: { readonly name: string; readonly version: string }
}

/** That an advisory is about an installed package, and why we say so. */
export interface Match {
  readonly advisory: Advisory
  readonly affected: AffectedPackage
  /** What was compared: the source package where the distribution names sources, else the package. */
  readonly compared: { readonly name: string; readonly version: string }
  readonly because: MatchReason
}

/** UNORDERED: a version cannot be ordered, so that nobody may say that it is not affected. */
export type MatchReason =
  | { readonly kind: 'IN_RANGE'; readonly range: AffectedRange }
  | { readonly kind: 'LISTED' }
  | { readonly kind: 'UNORDERED'; readonly version: string }

/** Advisories by the packages that they are about. */
export type AdvisoryIndex = ReadonlyMap<string, readonly Entry[]>

interface Entry {
  readonly advisory: Advisory
  readonly affected: AffectedPackage
}

/** Indexes advisories for `matchPackage`. Withdrawn ones are left out: they are about nothing. */
export function indexAdvisories(advisories: Iterable<Advisory>): AdvisoryIndex {
  const index = new Map<string, Entry[]>()
  for (const advisory of advisories) {
    if (advisory.withdrawn !== undefined) continue
    for (const affected of advisory.affected) {
      const key = keyOf(affected.ecosystem, affected.name)
      const entries = index.get(key)
      if (entries === undefined) index.set(key, [{ advisory, affected }])
      else entries.push({ advisory, affected })
    }
  }
  return index
}

/** All advisories that are about a package in the version that is installed. */
export function matchPackage(index: AdvisoryIndex, installed: InstalledPackage): readonly Match[] {
  const order = versionOrder(installed.ecosystem.name)
  return comparedOf(installed).flatMap(({ name, version }) => {
    const compared = { version, isOrdered: order(version, version) !== undefined }
    return (index.get(keyOf(installed.ecosystem, name)) ?? []).flatMap(({ advisory, affected }) => {
      if (!isSameRelease(affected.ecosystem, installed.ecosystem)) return []
      const because = judgeVersion(affected, compared)
      return because === undefined ? [] : [{ advisory, affected, compared: { name, version }, because }]
    })
  })
}

/** Debian's and Alpine's feeds name sources; of those for rpm some name sources and some what was built from them. */
function comparedOf({ ecosystem, name, version, source }: InstalledPackage): readonly { readonly name: string; readonly version: string }[] {
  if (source === undefined || !isDistribution(ecosystem.name)) return [{ name, version }]
  return versionOrder(ecosystem.name) === compareRpm && source.name !== name ? [source, { name, version }] : [source]
}

interface Compared {
  readonly version: string
  /** Asked once for a package, and not for every record about it. */
  readonly isOrdered: boolean
}

/** Why a version is affected; undefined where it is not. */
function judgeVersion(affected: AffectedPackage, { version, isOrdered }: Compared): MatchReason | undefined {
  const order = versionOrder(affected.ecosystem.name)
  if (affected.versions.includes(version)) return { kind: 'LISTED' }
  if (!isOrdered) return affected.ranges.length === 0 ? undefined : { kind: 'UNORDERED', version }
  if (affected.versions.some((listed) => order(listed, version) === 0)) return { kind: 'LISTED' }
  for (const range of affected.ranges) {
    const place = placeOf(order, range, version)
    if (place === 'INSIDE') return { kind: 'IN_RANGE', range }
    if (place !== 'OUTSIDE') return { kind: 'UNORDERED', version: place.unordered }
  }
  return undefined
}

function placeOf(order: VersionOrder, { introduced, end }: AffectedRange, version: string): 'INSIDE' | 'OUTSIDE' | { readonly unordered: string } {
  const begins = introduced === '0' ? 0 : order(introduced, version)
  if (begins === undefined) return { unordered: introduced }
  if (begins > 0) return 'OUTSIDE'
  if (end.kind === 'OPEN') return 'INSIDE'
  const ends = order(version, end.version)
  if (ends === undefined) return { unordered: end.version }
  return ends < 0 || (end.kind === 'LAST_AFFECTED' && ends === 0) ? 'INSIDE' : 'OUTSIDE'
}

/** A record without a release speaks of all of them. */
function isSameRelease(record: Ecosystem, installed: Ecosystem): boolean {
  return record.release === undefined || record.release === installed.release
}

function keyOf(ecosystem: Ecosystem, name: string): string {
  return `${ecosystem.name}\n${comparableName(ecosystem.name, name)}`
}
